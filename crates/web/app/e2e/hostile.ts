// What an agent or a person could write to harm who reads it: a corpus, and a story in which all of it is written wherever
// it can be.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Place } from './place.ts';

/** Each tries to run something, to load something from elsewhere, to look like another thing, or to break the page. */
export const CORPUS = [
  '<script>window.ran = 1</script>',
  '<img src=x onerror="window.ran = 1">',
  '<svg onload="window.ran = 1"><script>window.ran = 1</script></svg>',
  '<svg><a xlink:href="javascript:window.ran = 1"><text y="20">click</text></a></svg>',
  '<iframe srcdoc="<script>parent.ran = 1</script>"></iframe>',
  '<style>* { display: none !important }</style>',
  '<base href="https://evil.example/"><link rel="stylesheet" href="https://evil.example/x.css">',
  '<form action="https://evil.example/"><button>Sign in again</button></form>',
  '<details open ontoggle="window.ran = 1">x</details>',
  '<math><mtext></mtext><mglyph><svg><mtext><style><img src=x onerror=window.ran=1></style></mtext></svg></mglyph></math>',
  '[a link](javascript:window.ran=1)',
  '[another](JaVaScRiPt&colon;window.ran=1)',
  '[data](data:text/html;base64,PHNjcmlwdD5wYXJlbnQucmFuPTE8L3NjcmlwdD4=)',
  '![pixel](https://evil.example/pixel.png)',
  '[![x](https://evil.example/x.png)](javascript:window.ran=1)',
  '[sign in](https://github.com@evil.example/)',
  '<javascript:window.ran=1>',
  '[ref]\n\n[ref]: javascript:window.ran=1 "title"',
  `${'w'.repeat(4_000)}`,
  `| ${'wide | '.repeat(120)}\n|${' - |'.repeat(120)}\n| ${'cell | '.repeat(120)}`,
  `${'> '.repeat(500)}deep`,
  `${'['.repeat(8_000)}`,
  '\u202egnp.exe\u202c and z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c',
  '```html\n<script>window.ran = 1</script>\n```',
  '\u001b]8;;javascript:window.ran=1\u0007click\u001b]8;;\u0007 \u001b[2J\u001b[31mred',
];

/** A name that a file may have, and a page must survive. */
export const FILE = '<img src=x onerror=window.ran=1>.txt';
export const LONG_FILE = `${'long-'.repeat(40)}.txt`;
export const TITLE = '<img src=x onerror=window.ran=1> & "a title"';

/** All of it, as a person may write it. */
export const WORDS = CORPUS.join('\n\n');
/** The longest name of a branch that the server takes; it turns its text and looks like what would run elsewhere. */
export const BRANCH = `%3Cimg%20src=x%20onerror=window.ran=1%3E/\u202egnp.exe\u202c/javascript,window.ran=1#\u200b-${'w'.repeat(100)}`;
/** One that git takes and the server does not. */
export const REFUSED = '"><img/src=x/onerror=window.ran=1>;$(id)\'&';

/** A repository whose only branch has a name; gives where it is. */
export function branched(place: Place, name: string, branch: string): string {
  const origin = join(place.folder, `${name}.git`);
  execFileSync('git', ['clone', '-q', '--bare', join(place.folder, 'app.git'), origin]);
  execFileSync('git', ['-C', origin, 'branch', '-M', branch]);
  return origin;
}

const text = (value: string) => JSON.stringify(value).replace(/\u007f/g, '\\u007f');

/** The story; what is written when is the same each time. */
export function hostileStory(): string {
  const task = {
    title: TITLE,
    what: CORPUS.slice(0, 16).join('\n\n'),
    why: CORPUS[1] ?? '',
  };
  const said = CORPUS.map((piece) => `    { say = ${text(piece)} },\n    { think = "And on." },`).join('\n');
  return `title = "Harm"

[[script]]
when = 'ada writes to you|ada reviewed your work'
steps = [
    { say = ${text(CORPUS[1] ?? '')} },
    { edit = { path = "mended.txt", content = "mended\\n" } },
    { commit = { message = "Mend it" } },
    { tool = { name = "complete_task", arguments = { summary_what = ${text(CORPUS[1] ?? '')}, summary_why = "It was asked for.", tests = [], answers = { for_each = '\\[thread (?P<id>\\d+)\\]', item = { thread = "{capture.id:number}", commit = "{head}", text = ${text(CORPUS[1] ?? '')} } } } } },
]

[[script]]
when = 'Plan a sprint for this goal'
steps = [
    { tool = { name = "ask_question", arguments = { question = ${text(CORPUS.slice(0, 18).join('\n\n'))}, why = ${text(CORPUS[1] ?? '')}, options = [${text(CORPUS[1] ?? '')}, ${text('w'.repeat(200))}], kind = "scope" } } },
    { tool = { name = "submit_plan", arguments = { prd = ${text(CORPUS.slice(0, 10).join('\n\n'))}, tasks = [
        { key = "harm", title = ${text(task.title)}, what = ${text(task.what)}, why = ${text(task.why)}, acceptance_criteria = [${text(CORPUS[1] ?? '')}], estimate_minutes = 5, specialty = "docs", repositories = ["odd"], paths = [${text(FILE)}] },
    ] } } },
]

[[script]]
when = 'task \\d+: <img'
steps = [
${said}
    { steps = [${text(CORPUS[1] ?? '')}, ${text(CORPUS[0] ?? '')}] },
    { tool = { name = "report_progress", arguments = { text = ${text(CORPUS[1] ?? '')} } } },
    { edit = { path = ${text(FILE)}, content = ${text(`${CORPUS[0]}\n${'x'.repeat(20_000)}\n`)} } },
    { edit = { path = ${text(LONG_FILE)}, content = "long\\n" } },
    { run = { command = "printf '\\\\033[31m<img src=x onerror=window.ran=1>\\\\033[0m\\\\033]0;title\\\\007\\\\n'; head -c 10000000 /dev/zero | tr '\\\\0' x", timeout = 60 } },
    { run = { command = "head -c 3000 /dev/urandom > binary.dat; cat binary.dat", expect = "any", timeout = 30 } },
    { commit = { message = "Harm" } },
    { tool = { name = "complete_task", arguments = { summary_what = ${text(CORPUS.slice(0, 18).join('\n\n'))}, summary_why = ${text(CORPUS[1] ?? '')}, tests = [{ command = ${text(CORPUS[1] ?? '')}, outcome = "passed" }] } } },
]

[otherwise]
steps = [{ say = "I have nothing to do here." }]
`;
}
