//! Servers as processes of their own, for what happens to a process alone.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client::Client;
use crate::server::PROGRAMS;

/// A server in a process, which is killed when it is dropped.
pub(crate) struct Process {
    pub(crate) client: Client,
    child: Child,
}

impl Process {
    /// Starts it on a data folder, or gives what it says instead.
    pub(crate) fn start(data: &Path, environment: &[(&str, &Path)]) -> Result<Self, String> {
        let mut child = Command::new(PROGRAMS)
            .arg("serve")
            .arg(data)
            // Its sockets go with the test's own folder.
            .env("XDG_RUNTIME_DIR", data)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        if url.is_empty() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(!child.wait().unwrap().success());
            return Err(said);
        }
        let token = std::fs::read_to_string(data.join("token")).unwrap();
        let client = Client::new(url.trim(), token.trim(), "ada");
        Ok(Self { client, child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that ended by itself cannot be killed, and needs not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
