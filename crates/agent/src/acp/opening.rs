//! Opening a session, or going on with one, in the mode and with the model that the profile wants.

use agent_client_protocol::v1::schema::{
    EnvVariable, LoadSessionRequest, McpServer, McpServerStdio, NewSessionRequest, ResumeSessionRequest,
    SessionConfigKind, SessionConfigOption, SessionConfigOptionCategory, SessionConfigSelectOptions, SessionId,
    SessionModeState, SetSessionConfigOptionRequest, SetSessionModeRequest,
};
use team6_core::failure::FailureKind;

use super::error::AgentError;
use super::process::AgentProcess;
use super::turn::Session;
use crate::toolbox::McpServerSpec;

/// How a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is new.
    New,
    /// It goes on where it was: `session/resume`, which tells nothing of what was said before.
    Resumed,
    /// It goes on where it was: `session/load`, whose replay of what was said before is not reported again.
    Loaded,
    /// It is new, because the agent knows the old one no longer or cannot go on with any.
    Lost,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The agent's id of it.
    pub id: String,
    /// Whether it knows what was said before.
    pub how: How,
    /// The modes that the agent offers, by id.
    pub modes: Vec<String>,
    /// The models that the agent offers, by id.
    pub models: Vec<String>,
}

/// What an agent tells of a session when it is opened.
struct State {
    id: SessionId,
    how: How,
    modes: Option<SessionModeState>,
    options: Vec<SessionConfigOption>,
}

/// Something that one of several is chosen of.
struct Choice {
    option: SessionConfigOption,
    current: String,
    offered: Vec<String>,
}

impl AgentProcess {
    /// Opens a session, going on with `before` if the agent can. Sets the profile's mode and model.
    ///
    /// The values in the environments of `tools` count as secrets from now on.
    pub async fn open_session(
        &mut self,
        before: Option<&str>,
        tools: Vec<McpServerSpec>,
    ) -> Result<Opened, AgentError> {
        let secrets = tools.iter().flat_map(|tool| tool.env.values().cloned());
        self.redactor = self.redactor.and(secrets);
        let servers: Vec<McpServer> = tools.into_iter().map(mcp_server).collect();
        let continued = match before {
            Some(before) => self.go_on(before, &servers).await?,
            None => None,
        };
        let state = match continued {
            Some(state) => state,
            None => {
                let request = NewSessionRequest::new(self.cwd.clone()).mcp_servers(servers);
                let asked = self.connection.agent.send_request(request).block_task();
                let answer = self.answer("session/new", self.patience.opening, asked).await?;
                State {
                    id: answer.session_id,
                    how: if before.is_some() { How::Lost } else { How::New },
                    modes: answer.modes,
                    options: answer.config_options.unwrap_or_default(),
                }
            }
        };
        let mode = Choice::of(&state.options, &SessionConfigOptionCategory::Mode, "mode");
        let modes = match &state.modes {
            Some(modes) => modes.available_modes.iter().map(|mode| mode.id.to_string()).collect(),
            None => mode.as_ref().map(|choice| choice.offered.clone()).unwrap_or_default(),
        };
        let model = Choice::of(&state.options, &SessionConfigOptionCategory::Model, "model");
        let opened = Opened {
            id: state.id.to_string(),
            how: state.how,
            modes,
            models: model.as_ref().map(|choice| choice.offered.clone()).unwrap_or_default(),
        };
        if let Some(wanted) = self.profile.mode.clone() {
            self.set_mode(&state, mode.as_ref(), &opened.modes, wanted).await?;
        }
        if let Some(wanted) = self.profile.model.clone() {
            self.choose("model", &state.id, model.as_ref(), wanted).await?;
        }
        let mut session = Session::new(state.id, self, state.how);
        self.early.drain(..).for_each(|incoming| session.take(incoming));
        self.session = Some(session);
        Ok(opened)
    }

    /// Goes on with a session, if the agent can and still knows it.
    async fn go_on(&mut self, before: &str, servers: &[McpServer]) -> Result<Option<State>, AgentError> {
        let abilities = self.abilities();
        let (resumes, loads) = (abilities.session_capabilities.resume.is_some(), abilities.load_session);
        let (id, cwd, limit) = (SessionId::new(before), self.cwd.clone(), self.patience.opening);
        let agent = self.connection.agent.clone();
        let answered = if resumes {
            let request = ResumeSessionRequest::new(id.clone(), cwd).mcp_servers(servers.to_vec());
            let asked = agent.send_request(request).block_task();
            let answered = self.answer("session/resume", limit, asked).await;
            answered.map(|answer| (How::Resumed, answer.modes, answer.config_options))
        } else if loads {
            let request = LoadSessionRequest::new(id.clone(), cwd).mcp_servers(servers.to_vec());
            let asked = agent.send_request(request).block_task();
            let answered = self.answer("session/load", limit, asked).await;
            answered.map(|answer| (How::Loaded, answer.modes, answer.config_options))
        } else {
            return Ok(None);
        };
        match answered {
            Ok((how, modes, options)) => Ok(Some(State {
                id,
                how,
                modes,
                options: options.unwrap_or_default(),
            })),
            // It is not known any more. Anything worse shows when a new one is opened.
            Err(AgentError::Answered(failure)) if failure.kind != FailureKind::LoginNeeded => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a session can be gone on with by another process.
    pub fn continues_sessions(&self) -> bool {
        let abilities = self.abilities();
        abilities.load_session || abilities.session_capabilities.resume.is_some()
    }

    async fn set_mode(
        &mut self,
        state: &State,
        choice: Option<&Choice>,
        offered: &[String],
        wanted: String,
    ) -> Result<(), AgentError> {
        let Some(modes) = &state.modes else {
            return self.choose("mode", &state.id, choice, wanted).await;
        };
        if !offered.contains(&wanted) {
            return Err(not_offered("mode", wanted, offered));
        }
        if modes.current_mode_id.to_string() == wanted {
            return Ok(());
        }
        let request = SetSessionModeRequest::new(state.id.clone(), wanted);
        let asked = self.connection.agent.send_request(request).block_task();
        self.answer("session/set_mode", self.patience.opening, asked).await?;
        Ok(())
    }

    async fn choose(
        &mut self,
        what: &'static str,
        session: &SessionId,
        choice: Option<&Choice>,
        wanted: String,
    ) -> Result<(), AgentError> {
        let Some(choice) = choice.filter(|choice| choice.offered.contains(&wanted)) else {
            let offered = choice.map(|choice| choice.offered.as_slice()).unwrap_or_default();
            return Err(not_offered(what, wanted, offered));
        };
        if choice.current == wanted {
            return Ok(());
        }
        let option = choice.option.id.clone();
        let request = SetSessionConfigOptionRequest::new(session.clone(), option, wanted.as_str());
        let asked = self.connection.agent.send_request(request).block_task();
        let limit = self.patience.opening;
        self.answer("session/set_config_option", limit, asked).await?;
        Ok(())
    }
}

impl Choice {
    /// The option of this category, or else of this id.
    fn of(options: &[SessionConfigOption], category: &SessionConfigOptionCategory, id: &str) -> Option<Self> {
        let of_category = options.iter().find(|option| option.category.as_ref() == Some(category));
        let option = of_category.or_else(|| options.iter().find(|option| option.id.to_string() == id))?;
        let SessionConfigKind::Select(select) = &option.kind else {
            return None;
        };
        let offered = match &select.options {
            SessionConfigSelectOptions::Ungrouped(options) => options.iter().collect(),
            SessionConfigSelectOptions::Grouped(groups) => groups.iter().flat_map(|group| &group.options).collect(),
            _ => Vec::new(),
        };
        Some(Self {
            option: option.clone(),
            current: select.current_value.to_string(),
            offered: offered.into_iter().map(|option| option.value.to_string()).collect(),
        })
    }
}

fn not_offered(what: &'static str, wanted: String, offered: &[String]) -> AgentError {
    AgentError::NotOffered {
        what,
        wanted,
        offered: offered.iter().take(50).cloned().collect(),
    }
}

fn mcp_server(spec: McpServerSpec) -> McpServer {
    let env = spec.env.into_iter();
    let env = env.map(|(name, value)| EnvVariable::new(name, value)).collect();
    McpServer::Stdio(McpServerStdio::new(spec.name, spec.command).args(spec.args).env(env))
}
