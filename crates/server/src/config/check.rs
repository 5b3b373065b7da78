//! What is wrong with a configuration whose every value could be read.

use std::path::Path;

use super::Config;

/// The least that an agent's processes can live with, in MB and as a number.
const LEAST: [(&str, u64); 4] = [
    ("memory_mb", 64),
    ("disk_mb", 1),
    ("processes", 16),
    ("workspaces_mb", 1),
];

impl Config {
    /// Everything that nobody can have meant, one line each.
    pub fn problems(&self) -> Vec<String> {
        let agents = &self.agents;
        let mut problems = Vec::new();
        if agents.at_once == 0 {
            problems.push("agents.at_once is 0; give at least 1".to_owned());
        }
        let values = [
            Some(agents.memory_mb),
            Some(agents.disk_mb),
            Some(agents.processes.into()),
            agents.workspaces_mb,
        ];
        for ((name, least), value) in LEAST.into_iter().zip(values) {
            if let Some(value) = value.filter(|value| *value < least) {
                problems.push(format!("agents.{name} is {value}; give at least {least}"));
            }
        }
        if let Some(why) = team6_worker::unreadable_network(&agents.network) {
            problems.push(format!("agents.network: {why}"));
        }
        let odd = self.prices.iter().filter(|(_, price)| !price.is_sensible());
        problems.extend(
            odd.map(|(name, _)| format!("prices.{name}: give US dollars for a million tokens, from 0 to 1000000")),
        );
        let data = std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone());
        let hidden = |path: &Path| team6_worker::hidden(path, &data);
        let shown = agents.sees.iter().filter_map(|path| hidden(path));
        problems.extend(shown.map(|why| format!("agents.sees: {why}")));
        problems.extend(self.notify.problems(self));
        problems
    }

    /// Paths that agents are to see and that are not there, one line each.
    pub(super) fn missing(&self) -> impl Iterator<Item = String> {
        let missing = self.agents.sees.iter().filter(|path| !path.exists());
        missing.map(|path| format!("agents.sees: {} is not there, so agents do not see it", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_have_meant_is_said_all_at_once() {
        let mut config = Config::default();
        assert_eq!(config.problems(), [""; 0]);
        config.agents.at_once = 0;
        config.agents.memory_mb = 0;
        config.agents.processes = 1;
        config.agents.workspaces_mb = Some(0);
        config.agents.network = vec!["http://pypi.org".into()];
        config.agents.sees = vec!["/".into(), "relative".into()];
        insta::assert_snapshot!(config.problems().join("\n"), @r#"
        agents.at_once is 0; give at least 1
        agents.memory_mb is 0; give at least 64
        agents.processes is 1; give at least 16
        agents.workspaces_mb is 0; give at least 1
        agents.network: read the rule "http://pypi.org": it is a URL; leave out the scheme and the path (valid are host, host:port, *.suffix, *.suffix:port, an address such as 203.0.113.7 or [2001:db8::1]:443, a range such as 10.0.0.0/8:443, and private:host:port)
        agents.sees: / is the whole machine; list the folders that agents need
        agents.sees: relative is no full path; write it from / on
        "#);
    }

    #[test]
    fn a_path_that_is_not_there_is_told_of() {
        let mut config = Config::default();
        config.agents.sees = vec!["/usr".into(), "/nothing/there".into()];
        let said: Vec<String> = config.missing().collect();
        assert_eq!(
            said,
            ["agents.sees: /nothing/there is not there, so agents do not see it"]
        );
    }
}
