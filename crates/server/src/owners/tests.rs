//! What real repositories tell of people.

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::ids::{CommitId, PersonId};
use team6_core::owners::suggest;
use team6_core::project::ProjectCommand;
use team6_core::sprint::MergeMethod;
use team6_core::time::Timestamp;
use team6_forge::conformance::{Scene, Stage};
use team6_forge::{Identity, LocalForge, LocalForgeOptions};
use team6_git::{Fuse, Git};
use team6_store::{DataFolder, SqliteStore, Store};
use team6_testkit::repositories::Repository as Sample;

use super::*;

/// A day after the first commits of sample repositories, in seconds since 1970.
const NOW: i64 = 1_767_225_600 + 24 * 3_600;

fn people() -> BTreeMap<PersonId, Person> {
    let person = |id: &str, handles: &[&str]| {
        let known = Person {
            name: id.to_owned(),
            email: format!("{id}@example.org"),
            handles: handles.iter().map(|handle| (*handle).to_owned()).collect(),
            approves: true,
        };
        (PersonId::new(id).unwrap(), known)
    };
    BTreeMap::from([
        person("ada", &[]),
        person("grace", &["@Amazing-Grace", "acme/web"]),
        person("lin", &[]),
    ])
}

fn commit_by(repository: &Sample, author: &str, path: &str) {
    repository.write(path, format!("by {author}\n")).git(&["add", "--all"]);
    let author = format!("--author={author}");
    repository.git(&["commit", "--quiet", "--allow-empty", &author, "-m", "work"]);
}

async fn known(repository: &Sample, now: i64) -> Known {
    let git = Git::new("git".into(), Fuse::default());
    let head = CommitId::new(repository.head()).unwrap();
    let team = Team::new(&people());
    let git_dir = repository.path().join(".git");
    history::read(&git, &git_dir, &head, Timestamp(now * 1_000), &team)
        .await
        .unwrap()
}

/// What is known of each person concerning paths: what they own and how many commits they made.
fn facts(known: Known, paths: &[&str]) -> BTreeMap<String, (Vec<String>, u32)> {
    let place = TouchedPaths {
        repositories: vec!["app".parse().unwrap()],
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    let known = BTreeMap::from([("app".parse().unwrap(), known)]);
    let facts = facts::of(&place, &known, &Team::new(&people()));
    facts
        .into_iter()
        .map(|(id, facts)| (id.to_string(), (facts.owned_paths, facts.commits)))
        .collect()
}

fn expected<const N: usize>(facts: [(&str, &[&str], u32); N]) -> BTreeMap<String, (Vec<String>, u32)> {
    let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    facts
        .into_iter()
        .map(|(id, paths, commits)| (id.to_owned(), (owned(paths), commits)))
        .collect()
}

#[tokio::test]
async fn ownership_files_speak_of_files_folders_patterns_and_what_is_yet_to_be_made() {
    let project = Sample::sample("two-crates");
    for (paths, grace) in [
        (&["crates/cli/src/main.rs"][..], &["crates/cli/src/main.rs"][..]),
        (&["crates/cli", "crates/cli/"], &["crates/cli", "crates/cli/"]),
        (&["./crates/cli/src/new.rs"], &["./crates/cli/src/new.rs"]),
        (&["crates/*/src/main.rs"], &["crates/*/src/main.rs"]),
        (&["app/crates/cli/src"], &["app/crates/cli/src"]),
    ] {
        let facts = facts(known(&project, NOW).await, paths);
        assert_eq!(facts["grace"].0, grace, "{facts:?}");
    }
    let facts = facts(known(&project, NOW).await, &["crates/words"]);
    assert_eq!(facts, expected([("ada", &["crates/words"], 1)]));
}

#[tokio::test]
async fn an_ownership_file_is_found_in_each_of_its_places_and_the_first_one_counts() {
    let project = Sample::empty();
    project.write("a.txt", "a\n");
    for (place, owner) in [
        ("docs/CODEOWNERS", "@lin"),
        ("CODEOWNERS", "@amazing-grace"),
        (".github/CODEOWNERS", "ADA@example.org"),
    ] {
        project.write(place, format!("a.txt {owner} @stranger nobody\n"));
        project.commit(place);
        let facts = facts(known(&project, NOW).await, &["a.txt"]);
        let owners: Vec<&String> = facts
            .iter()
            .filter(|(_, facts)| !facts.0.is_empty())
            .map(|(id, _)| id)
            .collect();
        let meant = match owner {
            "@lin" => "lin",
            "@amazing-grace" => "grace",
            _ => "ada",
        };
        assert_eq!(owners, [meant], "{place}");
    }
}

#[tokio::test]
async fn commits_of_the_last_year_to_the_paths_count_by_whoever_made_them() {
    let project = Sample::sample("web-and-api");
    project.write(".mailmap", "Grace <grace@example.org> <g@laptop.local>\n");
    project.commit("mailmap");
    commit_by(&project, "Grace <GRACE@example.org>", "web/main.js");
    commit_by(&project, "G <g@laptop.local>", "web/style.css");
    commit_by(&project, "Lin <77+lin@users.noreply.forge.example>", "web/main.js");
    commit_by(&project, "Coder <coder@team6.invalid>", "web/main.js");
    // A file that is gone tells of who knew the folder.
    commit_by(&project, "Lin <lin@example.org>", "web/old.js");
    project.remove("web/old.js").commit("ada removes it");
    let all = facts(known(&project, NOW).await, &["web"]);
    assert_eq!(
        all,
        expected([("ada", &[], 2), ("grace", &["web"], 2), ("lin", &[], 2)])
    );
    let one = facts(known(&project, NOW).await, &["web/main.js"]);
    assert_eq!(
        one,
        expected([("ada", &[], 1), ("grace", &["web/main.js"], 1), ("lin", &[], 1)])
    );
    let later = facts(known(&project, NOW + 366 * 24 * 3_600).await, &["web"]);
    assert_eq!(
        later,
        expected([("grace", &["web"], 0)]),
        "a year later nobody remembers"
    );
    let none = facts(known(&project, NOW).await, &[]);
    assert_eq!(
        none["lin"],
        (Vec::new(), 2),
        "a task without paths may touch everything"
    );
}

#[tokio::test]
async fn odd_names_neither_confuse_nor_hide_anything() {
    let project = Sample::empty();
    project
        .with_odd_names()
        .with_code_owners("* @grace\n/with\\ space.txt @lin\n");
    project.commit("odd");
    let git = known(&project, NOW).await;
    assert_eq!(
        git.files
            .values()
            .filter(|file| file.present && file.commits.len() == 1)
            .count(),
        11
    );
    let facts = facts(
        git,
        &[
            "with space.txt",
            "with\nnewline.txt",
            "--dash.txt",
            ":(exclude)*",
            "../../etc",
        ],
    );
    assert_eq!(facts["lin"].0, ["with space.txt"]);
    assert_eq!(facts["grace"].0.len(), 4);
    assert_eq!(facts["ada"].1, 1);
}

#[tokio::test]
async fn the_one_who_is_named_comes_before_those_who_only_worked_there() {
    let project = Sample::sample("two-crates");
    commit_by(&project, "Lin <lin@example.org>", "crates/cli/src/main.rs");
    let place = TouchedPaths {
        repositories: vec!["app".parse().unwrap()],
        paths: vec!["crates/cli".into()],
    };
    let known = BTreeMap::from([("app".parse().unwrap(), known(&project, NOW).await)]);
    let mut facts = facts::of(&place, &known, &Team::new(&people()));
    facts.entry("ada".parse().unwrap()).or_default().open_tasks = 2;
    let said: Vec<String> = suggest(&facts)
        .iter()
        .map(|s| format!("{}: {}", s.person, s.reason))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    grace: code owner of crates/cli; no open task
    lin: 1 commit to these paths in the last year; no open task
    ada: 1 commit to these paths in the last year; 2 open tasks
    ");
}

#[tokio::test]
async fn a_project_s_repositories_are_read_from_the_forge_and_others_are_left_out() {
    let place = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(place.path().join("data")).unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder).await.unwrap());
    let engine = Arc::new(Engine::start(store).await.unwrap());
    let git = Git::new("git".into(), Fuse::default());
    let stage = Stage {
        forge: Arc::new(LocalForge::new(LocalForgeOptions {
            root: place.path().join("forge"),
            git: git.clone(),
            engine: Identity {
                name: "Team6".into(),
                email: "team6@localhost".into(),
            },
            patience: Duration::from_secs(60),
        })),
        address: |path| path.display().to_string(),
    };
    let scene = Scene::small(stage).await;
    // An agent may write what it likes on its branch: the target branch is what counts.
    scene.deliver("feature/one", "CODEOWNERS", "* @lin\n").await;
    let (project, by): (ProjectId, PersonId) = ("shop".parse().unwrap(), "ada".parse().unwrap());
    let create = ProjectCommand::Create {
        id: project.clone(),
        title: "Shop".into(),
        concurrency: 1,
        by: by.clone(),
    };
    engine.change_project(&project, create, "ada", None).await.unwrap();
    for id in [scene.id.clone(), "unconnected".parse().unwrap()] {
        let repository = Repository {
            id,
            origin: scene.settings.origin.clone(),
            branch: "main".parse().unwrap(),
            merge_method: MergeMethod::Merge,
        };
        let by = by.clone();
        let add = ProjectCommand::AddRepository { repository, by };
        engine.change_project(&project, add, "ada", None).await.unwrap();
    }
    let source = RepositoryOwners::new(engine, Arc::clone(&scene.forge), git, &people());
    let touched = |id: &RepositoryId| TouchedPaths {
        repositories: vec![id.clone()],
        paths: vec!["crates/cli".into()],
    };
    let places = [
        touched(&scene.id),
        touched(&"unconnected".parse().unwrap()),
        touched(&"nowhere".parse().unwrap()),
    ];
    let facts = source.facts(&project, &places).await;
    let owners: Vec<Vec<&str>> = facts
        .iter()
        .map(|facts| {
            let owners = facts.iter().filter(|(_, facts)| !facts.owned_paths.is_empty());
            owners.map(|(id, _)| id.as_str()).collect()
        })
        .collect();
    assert_eq!(owners, [vec!["grace"], vec![], vec![]]);
    let none = source.facts(&"elsewhere".parse().unwrap(), &places).await;
    assert_eq!(none, vec![BTreeMap::new(); 3]);
}
