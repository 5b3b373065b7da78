// The PRD as it reads: headings, lists, emphasis and code. It is made of elements, never of HTML, so that nothing in it
// can run.
import type { ReactNode } from 'react';

export function Preview({ text }: { text: string }) {
  const blocks = text.split(/\n{2,}|\n(?=#{1,4} )/).filter((block) => block.trim() !== '');
  return <div className="flex flex-col gap-3">{blocks.map((block, at) => <Block key={at} text={block} />)}</div>;
}

function Block({ text }: { text: string }) {
  const heading = /^(#{1,4}) (.*)/.exec(text.trim());
  if (heading) {
    const rest = text.trim().slice(heading[0].length).trim();
    const first = heading[1]?.length === 1;
    return (
      <>
        <h3 className={first ? 'text-large font-semibold' : 'text-title font-semibold'}>{inline(heading[2] ?? '')}</h3>
        {rest && <Block text={rest} />}
      </>
    );
  }
  const lines = text.split('\n');
  const item = /^\s*(?:[-*]|\d+[.)]) (.*)/;
  const parts: ReactNode[] = [];
  let items: ReactNode[] = [];
  let words: string[] = [];
  const endWords = () => {
    if (words.length > 0) parts.push(<p key={parts.length} className="break-words">{inline(words.join(' '))}</p>);
    words = [];
  };
  const endItems = () => {
    if (items.length > 0) parts.push(<ul key={parts.length} className="list-disc pl-5">{items}</ul>);
    items = [];
  };
  for (const line of lines) {
    const found = item.exec(line);
    if (found) {
      endWords();
      items.push(<li key={items.length} className="break-words">{inline(found[1] ?? '')}</li>);
    } else if (line.trim() !== '') {
      endItems();
      words.push(line.trim());
    }
  }
  endWords();
  endItems();
  return <>{parts}</>;
}

/** Strong, emphasis and code within a line. */
function inline(text: string): ReactNode[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`|\*[^*\s][^*]*\*)/).map((part, at) => {
    if (/^\*\*.+\*\*$/.test(part)) return <strong key={at} className="font-semibold">{part.slice(2, -2)}</strong>;
    if (/^`.+`$/.test(part)) return <code key={at} className="font-mono text-dense">{part.slice(1, -1)}</code>;
    if (/^\*.+\*$/.test(part)) return <em key={at}>{part.slice(1, -1)}</em>;
    return part;
  });
}
