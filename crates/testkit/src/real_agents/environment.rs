//! The home and environment of each agent: where its model is, and that it shall ask nobody else for anything.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::json;

use super::Agent;
use crate::processes::inherited;

/// Good for nothing, but agents do not start without one.
const KEY: &str = "dummy";

pub(super) fn prepare(agent: Agent, home: &Path, url: &str) -> io::Result<Vec<(OsString, OsString)>> {
    let mut env: Vec<(OsString, OsString)> = inherited(|name| name == "PATH").collect();
    let mut set = |name: &str, value: OsString| env.push((name.into(), value));
    set("HOME", home.into());
    set("LANG", "C.UTF-8".into());
    set("NO_PROXY", "127.0.0.1".into());
    for (name, folder) in [
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_CACHE_HOME", ".cache"),
        ("TMPDIR", "tmp"),
    ] {
        fs::create_dir_all(home.join(folder))?;
        set(name, home.join(folder).into());
    }
    match agent {
        Agent::ClaudeCode => {
            set("CLAUDE_CONFIG_DIR", home.join(".claude").into());
            set("ANTHROPIC_BASE_URL", url.into());
            set("ANTHROPIC_API_KEY", KEY.into());
            for name in [
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
                "DISABLE_AUTOUPDATER",
                "DISABLE_TELEMETRY",
                // Else it refuses to go without permissions as root.
                "IS_SANDBOX",
            ] {
                set(name, "1".into());
            }
            // Else tools of MCP servers hide behind a search that a script cannot foresee.
            set("ENABLE_TOOL_SEARCH", "false".into());
        }
        Agent::OpenCode => {
            let file = home.join("opencode.json");
            fs::write(&file, opencode(url).to_string())?;
            set("OPENCODE_CONFIG", file.into());
            set("OPENCODE_DISABLE_AUTOUPDATE", "1".into());
            set("OPENCODE_DISABLE_MODELS_FETCH", "1".into());
        }
        Agent::Codex => {
            // Codex refuses a home below the folder for temporary files, which is therefore beside it.
            let folder = home.join(".codex");
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("config.toml"), codex(url))?;
            set("CODEX_HOME", folder.into());
            set("SCRIPTED_MODEL_KEY", KEY.into());
            set("INITIAL_AGENT_MODE", "agent-full-access".into());
        }
    }
    Ok(env)
}

fn opencode(url: &str) -> serde_json::Value {
    json!({
        "autoupdate": false,
        "share": "disabled",
        "model": "scripted/scripted",
        "provider": {
            "scripted": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "Scripted",
                "options": { "baseURL": format!("{url}/v1"), "apiKey": KEY },
                "models": {
                    "scripted": { "name": "Scripted", "tool_call": true, "limit": { "context": 200_000, "output": 8_000 } },
                },
            },
        },
    })
}

fn codex(url: &str) -> String {
    format!(
        r#"model = "scripted"
model_provider = "scripted"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[model_providers.scripted]
name = "Scripted"
base_url = "{url}/v1"
env_key = "SCRIPTED_MODEL_KEY"
wire_api = "responses"
"#
    )
}
