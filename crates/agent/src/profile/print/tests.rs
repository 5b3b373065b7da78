use proptest::prelude::*;
use proptest::{collection, option, sample};
use regex::Regex;
use team6_core::ids::AgentId;

use super::*;
use crate::profile::{SecretReference, read};

fn built_ins() -> BuiltIns {
    BuiltIns::new(CommandLine {
        program: "/opt/team6".into(),
        args: vec!["scripted-agent".into()],
    })
}

fn names() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,8}"
}

fn values() -> impl Strategy<Value = EnvValue> {
    prop_oneof![
        any::<String>().prop_map(EnvValue::Text),
        "\\$.{0,5}".prop_map(EnvValue::Text),
        ("[A-Z_][A-Z0-9_]{0,9}", any::<bool>()).prop_map(|(name, optional)| EnvValue::Variable { name, optional }),
        any::<String>().prop_map(|path| EnvValue::File(path.into())),
    ]
}

fn gateways() -> impl Strategy<Value = Gateway> {
    let secret = prop_oneof![
        ("[A-Z_][A-Z0-9_]{0,9}", any::<bool>())
            .prop_map(|(name, optional)| SecretReference::Variable { name, optional }),
        any::<String>().prop_map(|path| SecretReference::File(path.into())),
    ];
    let upstream = "https?://[a-z]{1,9}\\.test(:[1-9][0-9]{0,3})?(/[a-z]{0,3}){0,2}";
    let scheme = option::of("[!-~]{0,5}");
    let path = prop_oneof![Just(String::new()), "/[a-z./]{0,5}"];
    (upstream, secret, "x-[a-z]{1,5}", scheme, "X[A-Z_0-9]{0,8}", path).prop_map(
        |(upstream, secret, header, scheme, variable, path)| Gateway {
            upstream,
            secret,
            header,
            scheme,
            variable,
            path,
        },
    )
}

fn rules() -> impl Strategy<Value = PermissionRule> {
    let title = any::<String>().prop_map(|text| Regex::new(&regex::escape(&text)).unwrap());
    let decision = prop_oneof![
        Just(Decision::Allow),
        any::<String>().prop_map(|reason| Decision::Reject { reason })
    ];
    (option::of(any::<String>()), option::of(title), decision).prop_map(|(kind, title, decision)| PermissionRule {
        kind,
        title,
        decision,
    })
}

prop_compose! {
    /// A profile that a file can hold.
    fn profiles()(
        extends in option::of(sample::select(vec!["claude-code", "codex", "goose", "scripted"])),
        title in any::<String>(),
        command in prop_oneof!["[^/\n]{1,20}", "/.{0,19}"],
        texts in collection::vec(option::of(".{1,20}"), 4),
        specialties in collection::vec(names(), 0..3),
        files in collection::vec((any::<String>(), any::<bool>()), 0..3),
        env in collection::btree_map("X[A-Z_0-9]{0,8}", values(), 0..4),
        instructions in any::<String>(),
        times in (1..2_592_000_000_u64, 1..2_592_000_000_u64),
        choices in any::<[bool; 4]>(),
        permissions in collection::vec(rules(), 0..3),
        gateways in collection::vec(gateways(), 0..3),
    ) -> AgentProfile {
        let id = AgentId::new("backend").unwrap();
        // Both lists are of any texts; there are only so many things that can be drawn at once.
        let (args, reads): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, is_arg)| *is_arg);
        let args = args.into_iter().map(|(text, _)| text).collect();
        let mut made = AgentProfile::of_command(id, CommandLine { program: command, args });
        let built_ins = built_ins();
        if let Some(base) = extends.and_then(|name| built_ins.get(name)) {
            made.extends = Some(base.id.clone());
            made.env = base.env.clone();
        }
        made.title = title;
        made.reads = reads.into_iter().map(|(text, _)| text).collect();
        let mut texts = texts.into_iter();
        for field in [&mut made.mode, &mut made.model, &mut made.install, &mut made.credentials] {
            *field = texts.next().flatten();
        }
        made.specialties = specialties.into_iter().map(|name| Specialty::new(name).unwrap()).collect();
        made.env.extend(env.into_iter().filter(|(name, _)| !crate::profile::env::names_a_secret(name)));
        made.instructions = instructions.trim().to_owned();
        made.limits = Limits { turn: Duration::from_millis(times.0), silence: Duration::from_millis(times.1) };
        let [planner, last_call, session, process] = choices;
        made.role = if planner { Role::Planner } else { Role::Specialist };
        made.usage = match (last_call, session) {
            (true, _) => UsageMeaning::LastCall,
            (false, true) => UsageMeaning::Session,
            (false, false) => UsageMeaning::Turn,
        };
        made.cost = if process { CostMeaning::Process } else { CostMeaning::Session };
        made.permissions = permissions;
        made.gateways = gateways;
        let mut variables = std::collections::BTreeSet::new();
        made.gateways.retain(|gateway| variables.insert(gateway.variable.clone()));
        made
    }
}

proptest! {
    #[test]
    fn what_was_written_reads_as_the_same_profile(profile in profiles()) {
        let text = profile.to_file(&built_ins());
        let again = read::profile(&profile.id, &text, &built_ins());
        prop_assert_eq!(again, Ok(profile), "{}", text);
    }

    #[test]
    fn no_text_breaks_the_reader(front in any::<String>(), line in r#"[a-z]{1,6} ?= ?["\[{$0-9a-z}\]]{0,9}"#) {
        let id = AgentId::new("backend").unwrap();
        let _ = read::profile(&id, &front, &built_ins());
        let _ = read::profile(&id, &format!("+++\n{front}\n{line}\n+++\n"), &built_ins());
    }
}

#[test]
fn built_in_profiles_are_written_as_they_are() {
    let built_ins = built_ins();
    for profile in built_ins.all() {
        let text = profile.to_file(&built_ins);
        assert_eq!(
            read::profile(&profile.id, &text, &built_ins).as_ref(),
            Ok(profile),
            "{text}"
        );
    }
}

#[test]
fn only_what_differs_from_the_extended_profile_is_written() {
    let built_ins = built_ins();
    let text = "+++\nextends = \"claude-code\"\ntitle = \"Backend\"\nmode = \"\"\nlimits = { silence = \"90s\" }\n\
                permissions = [{ kind = \"execute\", title = '^git push', reject = \"the engine pushes\" }]\n\
                [[gateways]]\nupstream = \"https://api.anthropic.com\"\nsecret = \"$ANTHROPIC_API_KEY?\"\n\
                header = \"x-api-key\"\nvariable = \"ANTHROPIC_BASE_URL\"\n\
                [env]\nPRICE = \"$$5\"\nMY_TOKEN = { file = \"/run/token\" }\n+++\nMind the tests.\n";
    let profile = read::profile(&AgentId::new("backend").unwrap(), text, &built_ins).unwrap();
    insta::assert_snapshot!(profile.to_file(&built_ins), @r#"
    +++
    extends = "claude-code"
    title = "Backend"
    mode = ""
    limits = { silence = "1m 30s", turn = "2h" }
    permissions = [{ kind = "execute", reject = "the engine pushes", title = "^git push" }]
    gateways = [{ header = "x-api-key", secret = "$ANTHROPIC_API_KEY?", upstream = "https://api.anthropic.com", variable = "ANTHROPIC_BASE_URL" }]

    [env]
    MY_TOKEN = { file = "/run/token" }
    PRICE = "$$5"
    +++

    Mind the tests.
    "#);
}
