//! Small projects that look like real ones, by name.

/// Files by path.
pub(super) type Files = &'static [(&'static str, &'static str)];

/// The files of a sample, if there is one of that name.
pub(super) fn find(name: &str) -> Option<Files> {
    SAMPLES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, files)| *files)
}

/// The names of all samples.
pub(super) fn names() -> Vec<&'static str> {
    SAMPLES.iter().map(|(name, _)| *name).collect()
}

const SAMPLES: &[(&str, Files)] = &[("two-crates", TWO_CRATES), ("web-and-api", WEB_AND_API)];

/// A Rust workspace of a library and a program that uses it.
const TWO_CRATES: Files = &[
    (".gitignore", "/target\n"),
    (
        "AGENTS.md",
        "Run `cargo test` before you deliver. Keep `words` free of input and output.\n",
    ),
    ("CODEOWNERS", "* @ada\n/crates/cli/ @grace\n"),
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
    ),
    ("README.md", "# Words\n\nCounts the words of a text.\n"),
    (
        "crates/cli/Cargo.toml",
        "[package]\nname = \"cli\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nwords = { path = \"../words\" }\n",
    ),
    (
        "crates/cli/src/main.rs",
        "fn main() {\n    let text = std::env::args().skip(1).collect::<Vec<_>>().join(\" \");\n    println!(\"{}\", words::count(&text));\n}\n",
    ),
    (
        "crates/words/Cargo.toml",
        "[package]\nname = \"words\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    (
        "crates/words/src/lib.rs",
        "//! Words of a text.\n\n/// The number of words.\npub fn count(text: &str) -> usize {\n    text.split_whitespace().count()\n}\n\n#[test]\nfn an_empty_text_has_no_words() {\n    assert_eq!(count(\"\"), 0);\n}\n",
    ),
];

/// A web page and the service behind it, which belong to different specialists and owners.
const WEB_AND_API: Files = &[
    (".github/CODEOWNERS", "/api/ @ada\n/web/ @grace\n"),
    ("README.md", "# Greetings\n\nA service that greets, and its page.\n"),
    (
        "api/server.py",
        "import http.server\n\n\ndef greeting(name):\n    return f\"Hello, {name}!\"\n\n\nclass Handler(http.server.BaseHTTPRequestHandler):\n    def do_GET(self):\n        self.send_response(200)\n        self.end_headers()\n        self.wfile.write(greeting(self.path[1:]).encode())\n",
    ),
    (
        "api/test_server.py",
        "import unittest\n\nfrom server import greeting\n\n\nclass Greeting(unittest.TestCase):\n    def test_greets_by_name(self):\n        self.assertEqual(greeting(\"Ada\"), \"Hello, Ada!\")\n",
    ),
    (
        "api/schema.sql",
        "create table greeted (name text primary key, times integer not null);\n",
    ),
    (
        "web/index.html",
        "<!doctype html>\n<title>Greetings</title>\n<p id=\"greeting\"></p>\n<script type=\"module\" src=\"main.js\"></script>\n",
    ),
    (
        "web/main.js",
        "const reply = await fetch(`/${location.hash.slice(1)}`);\ndocument.querySelector(\"#greeting\").textContent = await reply.text();\n",
    ),
];
