//! An agent that does what no agent should: at once, by its first argument, or in a turn, by the text of the prompt.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of tests"
)]

use std::io::{self, BufRead, Read, Write};
use std::process::exit;

use serde_json::{Value, json};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let fault = args.first().map(String::as_str).unwrap_or_default();
    match fault {
        "silent" => ignore_stdin(),
        "exits" => exit(args[1].parse().unwrap()),
        "explains" => {
            eprintln!("starting\n{}", args[1]);
            exit(1);
        }
        "banner" => {
            println!("Welcome to the shell!\n> ");
            ignore_stdin();
        }
        "noise" => {
            let line = "y".repeat(1000);
            while writeln!(io::stdout(), "{line}").is_ok() {}
            ignore_stdin();
        }
        "closes" => {
            // Nothing but a close of the descriptors themselves ends the pipes while the process stays.
            let stay = "exec <&- >&-; exec sleep 1000";
            let _ = std::os::unix::process::CommandExt::exec(std::process::Command::new("sh").args(["-c", stay]));
        }
        _ => {}
    }
    let mut lines = io::stdin().lock().lines();
    while let Some(Ok(line)) = lines.next() {
        let message: Value = serde_json::from_str(&line).unwrap();
        let Some(method) = message["method"].as_str() else {
            continue;
        };
        let id = &message["id"];
        match (method, fault) {
            ("initialize", "version") => answer(id, json!({ "protocolVersion": 7 })),
            ("initialize", "plain") => answer(id, json!({ "protocolVersion": 1 })),
            ("initialize", "loads") => {
                answer(
                    id,
                    json!({ "protocolVersion": 1, "agentCapabilities": { "loadSession": true } }),
                );
            }
            ("initialize", _) => answer(
                id,
                json!({
                    "protocolVersion": 1, "agentInfo": { "name": "faulty", "version": "0.1" },
                    "agentCapabilities": {
                        "loadSession": true, "sessionCapabilities": { "resume": {} },
                        "mcpCapabilities": { "http": true },
                    },
                }),
            ),
            ("session/new", "login") => refuse(id, -32000, "Authentication required"),
            ("session/new", "slow") => {}
            ("session/load" | "session/resume", "forgets") => refuse(id, -32002, "Resource not found"),
            ("session/load", _) => {
                update(json!({ "sessionUpdate": "user_message_chunk", "content": text("what was asked before") }));
                update(json!({ "sessionUpdate": "agent_message_chunk", "content": text("what was said before") }));
                update(
                    json!({ "sessionUpdate": "usage_update", "used": 1, "size": 2, "cost": { "amount": 2.0, "currency": "USD" } }),
                );
                answer(id, opened(None));
            }
            ("session/resume", _) => answer(id, opened(None)),
            ("session/new", _) => answer(id, opened(Some("new"))),
            ("session/set_mode" | "session/set_config_option", _) => {
                println!(
                    "{}",
                    json!({ "jsonrpc": "2.0", "method": "_set", "params": message["params"] })
                );
                answer(id, json!({ "configOptions": [] }));
            }
            ("session/prompt", _) => turn(id, message["params"]["prompt"][0]["text"].as_str().unwrap(), &mut lines),
            _ => {}
        }
    }
}

fn turn(id: &Value, prompt: &str, lines: &mut impl Iterator<Item = io::Result<String>>) {
    let (what, rest) = prompt.split_once(' ').unwrap_or((prompt, ""));
    match what {
        "say" => update(json!({ "sessionUpdate": "agent_message_chunk", "content": text(rest) })),
        "update" => update(serde_json::from_str(rest).unwrap()),
        "print" => println!("{rest}"),
        "stderr" => eprintln!("{rest}"),
        "tell" => println!(
            "{}",
            json!({ "jsonrpc": "2.0", "method": "_told", "params": { "what": rest } })
        ),
        "line" => println!(
            "{}",
            json!({ "jsonrpc": "2.0", "method": "x", "params": "z".repeat(rest.parse().unwrap()) })
        ),
        "environment" => {
            let value = std::env::var(rest).unwrap();
            update(json!({ "sessionUpdate": "agent_message_chunk", "content": text(&format!("it is {value}.")) }));
            update(
                json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": value, "rawInput": { "key": value } }),
            );
            eprintln!("it is {value}");
            return refuse(id, -32603, &format!("failed with {value}"));
        }
        "request" => {
            println!(
                "{}",
                json!({ "jsonrpc": "2.0", "id": 900, "method": rest, "params": {} })
            );
            let reply: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            update(
                json!({ "sessionUpdate": "agent_message_chunk", "content": text(&reply["error"]["code"].to_string()) }),
            );
        }
        "asks" => {
            let options = json!([{ "optionId": "n", "name": "No", "kind": "reject_once" }]);
            let params =
                json!({ "sessionId": "new", "toolCall": { "toolCallId": "t", "title": rest }, "options": options });
            println!(
                "{}",
                json!({ "jsonrpc": "2.0", "id": 901, "method": "session/request_permission", "params": params })
            );
            lines.next().unwrap().unwrap();
            return answer(id, json!({ "stopReason": "cancelled" }));
        }
        "gives-up" => return answer(id, json!({ "stopReason": "cancelled" })),
        "requests" => {
            for number in 0..rest.parse().unwrap() {
                println!(
                    "{}",
                    json!({ "jsonrpc": "2.0", "id": number, "method": "fs/read", "params": {} })
                );
            }
        }
        "stderr-flood" => {
            let line = "e".repeat(1000);
            (0..rest.parse::<u64>().unwrap() * 1000).for_each(|_| eprintln!("{line}"));
        }
        _ => return refuse(id, -32603, prompt),
    }
    answer(
        id,
        json!({ "stopReason": "end_turn", "usage": { "totalTokens": 12, "inputTokens": 10, "outputTokens": 2 } }),
    );
}

/// What is told of a session: two modes and two models.
fn opened(id: Option<&str>) -> Value {
    let mode = |id: &str| json!({ "id": id, "name": id });
    let model = |id: &str| json!({ "value": id, "name": id });
    let mut opened = json!({
        "modes": { "currentModeId": "ask", "availableModes": [mode("ask"), mode("act")] },
        "configOptions": [{
            "id": "llm", "name": "Model", "category": "model", "type": "select",
            "currentValue": "small", "options": [model("small"), model("large")],
        }],
    });
    if let Some(id) = id {
        opened["sessionId"] = id.into();
    }
    opened
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
fn update(update: Value) {
    let params = json!({ "sessionId": "new", "update": update });
    println!(
        "{}",
        json!({ "jsonrpc": "2.0", "method": "session/update", "params": params })
    );
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
fn answer(id: &Value, result: Value) {
    println!("{}", json!({ "jsonrpc": "2.0", "id": id, "result": result }));
}

fn refuse(id: &Value, code: i32, message: &str) {
    println!(
        "{}",
        json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
    );
}

fn ignore_stdin() {
    let _ = io::stdin().lock().read_to_end(&mut Vec::new());
    exit(0);
}
