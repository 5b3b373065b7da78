//! The merge forecast says what real merges say, and leaves nothing behind.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use fastrand::Rng;
use team6_core::ids::{CommitId, RepositoryId};
use team6_forge::{Conflict, ConflictForecast, Forge, LocalForge, RepositorySettings, TargetBranch};
use team6_git::Fuse;
use team6_testkit::repositories::Repository;

use crate::{forge, place};

/// So many branches and the base have 1,035 pairs.
const BRANCHES: usize = 45;

/// A forge that has this repository connected, with all of its branches.
async fn connected(root: &Path, project: &Repository) -> (LocalForge, RepositoryId) {
    let forge = forge(root, &Fuse::default());
    let origin = project.bare_clone();
    let id = RepositoryId::new("app").unwrap();
    let settings = RepositorySettings {
        id: id.clone(),
        origin: origin.path().display().to_string(),
        branch: TargetBranch::Default,
        method: team6_core::sprint::MergeMethod::Merge,
    };
    forge.connect(&settings).await.unwrap();
    fetch(root, project);
    (forge, id)
}

/// Brings the branches to the forge.
fn fetch(root: &Path, project: &Repository) {
    let mut fetch = Command::new("git");
    fetch.arg("--git-dir").arg(root.join("app/forge.git"));
    fetch.args(["fetch", "--quiet", "--no-tags"]).arg(project.path());
    assert!(fetch.arg("+refs/heads/*:refs/heads/test/*").status().unwrap().success());
}

fn heads(project: &Repository, branches: &[&str]) -> Vec<CommitId> {
    branches
        .iter()
        .map(|name| CommitId::new(project.resolve(name)).unwrap())
        .collect()
}

fn clashes(found: &ConflictForecast) -> Vec<(usize, usize, Vec<String>)> {
    found
        .clashes
        .iter()
        .map(|clash| {
            let files: BTreeSet<String> = clash.files.iter().map(|conflict| conflict.path.to_string()).collect();
            (clash.one, clash.other, files.into_iter().collect())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_are_told_by_pair_and_file_with_the_order_that_has_fewest() {
    let project = Repository::sample("two-crates");
    let branch = |name: &str, file: &str, text: &str| {
        project.switch("main").branch(name).write(file, text).commit(name);
    };
    branch("widely", "README.md", "# Mine\n");
    project.write("note.txt", "mine\n").commit("more");
    branch("readme", "README.md", "# Theirs\n");
    branch("note", "note.txt", "theirs\n");
    branch("beside", "beside.txt", "nobody else\n");
    branch("late", "LICENSE", "free\n");
    project
        .switch("main")
        .write("LICENSE", "not free\n")
        .commit("meanwhile");
    let place = place();
    let (forge, id) = connected(place.path(), &project).await;
    let heads = heads(&project, &["widely", "readme", "note", "beside", "late"]);
    let found = forge.forecast_conflicts(&id, &heads).await.unwrap();
    assert_eq!(found.base.as_str(), project.head());
    assert_eq!(
        clashes(&found),
        [
            (0, 1, vec!["README.md".to_owned()]),
            (0, 2, vec!["note.txt".to_owned()])
        ]
    );
    let against_base: Vec<usize> = found.against_base.iter().map(Vec::len).collect();
    assert_eq!(against_base, [0, 0, 0, 0, 1]);
    assert_eq!((&found.order[..], found.to_mend), (&[1, 2, 3, 4, 0][..], 2));
    // A branch that moved, and no trace of any of it in the repository.
    project
        .switch("beside")
        .write("README.md", "# Here too\n")
        .commit("moved");
    fetch(place.path(), &project);
    let moved = CommitId::new(project.resolve("beside")).unwrap();
    let again = [heads[0].clone(), heads[1].clone(), moved];
    let found = forge.forecast_conflicts(&id, &again).await.unwrap();
    let pairs: Vec<(usize, usize)> = found.clashes.iter().map(|clash| (clash.one, clash.other)).collect();
    assert_eq!((pairs, found.to_mend), (vec![(0, 1), (0, 2), (1, 2)], 2));
    let objects = place.path().join("app/forge.git/objects");
    let left = std::fs::read_dir(objects).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("tmp_")
    });
    assert_eq!(left.count(), 0);
    let nothing = forge.forecast_conflicts(&id, &[]).await.unwrap();
    assert_eq!((nothing.clashes.len(), nothing.order.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_branch_has_from_the_base_is_no_conflict_of_its_own() {
    let project = Repository::sample("two-crates");
    let branch = |name: &str, file: &str, text: &str| {
        project.switch("main").branch(name).write(file, text).commit(name);
    };
    branch("behind", "README.md", "# Mine\n");
    project.switch("main").write("README.md", "# Ours\n").commit("merged");
    branch("current", "note.txt", "on top of it\n");
    branch("deeper", "README.md", "# Ours, and more\n");
    // The commits of a submodule are in no repository of ours.
    let submodule = |branch: &str, from: &str, at: char| {
        project.git(&["switch", "--quiet", "--create", branch, from]);
        let entry = format!("160000,{},sub", at.to_string().repeat(40));
        project.git(&["update-index", "--add", "--cacheinfo", &entry]);
        project.git(&["commit", "--quiet", "--message", branch]);
    };
    submodule("first-sub", "main", 'a');
    submodule("behind-sub", "first-sub", 'b');
    submodule("ours-sub", "first-sub", 'c');
    submodule("current-sub", "ours-sub", 'd');
    project
        .switch("main")
        .git(&["merge", "--quiet", "--ff-only", "ours-sub"]);
    let place = place();
    let (forge, id) = connected(place.path(), &project).await;
    let heads = heads(&project, &["behind", "current", "deeper", "behind-sub", "current-sub"]);
    let found = forge.forecast_conflicts(&id, &heads).await.unwrap();
    let files = |of: &Vec<Conflict>| {
        of.iter()
            .map(|conflict| conflict.path.to_string())
            .collect::<BTreeSet<_>>()
    };
    let against_base: Vec<usize> = found.against_base.iter().map(|of| files(of).len()).collect();
    assert_eq!(against_base, [1, 0, 0, 1, 0]);
    let own = [(0, 2, "README.md"), (3, 4, "sub")].map(|(one, other, file)| (one, other, vec![file.to_owned()]));
    assert_eq!(clashes(&found), own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_without_a_common_history_are_held_against_each_other_too() {
    let project = Repository::sample("two-crates");
    project.git(&["switch", "--quiet", "--orphan", "alone"]);
    project.write("README.md", "# Alone\n").commit("alone");
    project
        .switch("main")
        .branch("usual")
        .write("README.md", "# Usual\n")
        .commit("usual");
    project.switch("main");
    let place = place();
    let (forge, id) = connected(place.path(), &project).await;
    let heads = heads(&project, &["alone", "usual"]);
    let found = forge.forecast_conflicts(&id, &heads).await.unwrap();
    assert_eq!(clashes(&found), [(0, 1, vec!["README.md".to_owned()])]);
    assert!(found.against_base[1].is_empty());
}

/// What a real merge in a work tree says: the files that it left unmerged, and all that it said.
fn really(work_tree: &Repository, onto: &CommitId, other: &CommitId) -> (bool, BTreeSet<String>, String) {
    work_tree.git(&["reset", "--quiet", "--hard", onto.as_str()]);
    let mut merge = work_tree.git_command();
    let ran = merge
        .args(["merge", "--no-ff", "--no-commit", other.as_str()])
        .output()
        .unwrap();
    if ran.status.success() {
        return (true, BTreeSet::new(), String::new());
    }
    let unmerged = work_tree.git(&["ls-files", "--unmerged", "-z"]);
    work_tree.git(&["reset", "--quiet", "--hard"]);
    work_tree.git(&["clean", "--quiet", "--force", "-d"]);
    // A file in the way of a folder lies there by another name.
    let own = |name: &str| name.split('~').next().unwrap_or_default().to_owned();
    let files = unmerged
        .split('\0')
        .filter_map(|entry| Some(own(entry.split_once('\t')?.1)))
        .collect();
    (false, files, String::from_utf8_lossy(&ran.stdout).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_random_pairs_conflict_where_real_merges_do() {
    let seed = std::env::var("TEAM6_FORECAST_SEED").map_or(11, |seed| seed.parse().unwrap());
    let mut random = Rng::with_seed(seed);
    let project = Repository::empty();
    for at in 0..70 {
        project.write(
            format!("{}/file-{at}.txt", FOLDERS[at % FOLDERS.len()]),
            text(&mut random),
        );
    }
    project.commit("first");
    let names: Vec<String> = (0..BRANCHES).map(|at| format!("branch-{at}")).collect();
    for name in &names {
        project.switch("main");
        if random.u8(..6) == 0 {
            change(&project, &mut random);
            project.commit("meanwhile");
        }
        project.branch(name);
        for _ in 0..random.usize(1..3) {
            change(&project, &mut random);
        }
        project.commit(name);
        // Now and then a branch has taken in the base, or another branch, which parts them in several places.
        let others = ["main", names.first().unwrap(), names.get(1).unwrap()];
        let taken_in = random.choice(others).unwrap();
        if random.u8(..6) == 0 && project.git(&["branch", "--list", taken_in]).contains(taken_in) {
            let mut merge = project.git_command();
            merge.args(["merge", "--quiet", "--no-edit", "--strategy-option=ours", taken_in]);
            if !merge.output().unwrap().status.success() {
                project.git(&["merge", "--abort"]);
            }
        }
    }
    project.switch("main");
    let place = place();
    let (forge, id) = connected(place.path(), &project).await;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut all = heads(&project, &names);
    let found = forge.forecast_conflicts(&id, &all).await.unwrap();
    all.push(found.base.clone());
    let mut pairs: Vec<(usize, usize)> = (0..all.len())
        .flat_map(|one| (one + 1..all.len()).map(move |other| (one, other)))
        .collect();
    let mut turned: Vec<bool> = pairs.iter().map(|_| random.bool()).collect();
    let half = pairs.split_off(pairs.len() / 2);
    let half_turned = turned.split_off(pairs.len());
    let (mut merged, mut conflicted) = (0, 0);
    std::thread::scope(|scope| {
        let (project, all, found) = (&project, &all, &found);
        let halves = [(pairs, turned), (half, half_turned)].map(|(pairs, turned)| {
            scope.spawn(move || {
                let work_tree = project.fresh_clone();
                work_tree.git(&["checkout", "--quiet", "--detach"]);
                let mut seen = (0, 0);
                for ((one, other), turned) in pairs.into_iter().zip(turned) {
                    let (onto, from) = if turned { (other, one) } else { (one, other) };
                    let (clean, files, said) = really(&work_tree, &all[onto], &all[from]);
                    let foretold = match (other == all.len() - 1, found) {
                        (true, found) => &found.against_base[one][..],
                        (false, found) => {
                            let clash = found
                                .clashes
                                .iter()
                                .find(|clash| (clash.one, clash.other) == (one, other));
                            clash.map_or(&[][..], |clash| &clash.files)
                        }
                    };
                    let foretold: BTreeSet<String> = foretold.iter().map(|c| c.path.to_string()).collect();
                    let about = format!("seed {seed}, {one} and {other} ({onto} takes in {from}):\n{said}");
                    assert!(!clean || foretold.is_empty(), "{about}\nforetold: {foretold:?}");
                    // What one of them has from the base is told where the other one is held against the base.
                    let entry = |head: &CommitId, path: &str| work_tree.git(&["ls-tree", head.as_str(), "--", path]);
                    let of_base = |behind: usize, current: usize| {
                        let against = found.against_base.get(behind).map_or(&[][..], Vec::as_slice);
                        let paths = against.iter().map(|c| c.path.to_string());
                        paths.filter(move |path| entry(&all[current], path) == entry(&found.base, path))
                    };
                    let of_base: BTreeSet<String> = of_base(one, other).chain(of_base(other, one)).collect();
                    let told: BTreeSet<String> = foretold.union(&of_base).cloned().collect();
                    assert!(clean || !told.is_empty(), "{about}\nnothing is foretold");
                    let missing: Vec<&String> = files.difference(&told).collect();
                    assert!(missing.is_empty(), "{about}\nnot foretold: {missing:?}");
                    let too_many = foretold.iter().find(|file| {
                        let told = said
                            .lines()
                            .any(|line| line.starts_with("CONFLICT") && line.contains(*file));
                        !told && !files.contains(*file)
                    });
                    assert_eq!(too_many, None, "{about}");
                    seen = (seen.0 + 1, seen.1 + usize::from(!clean));
                }
                seen
            })
        });
        for half in halves {
            let (pairs, conflicts) = half.join().unwrap();
            merged += pairs;
            conflicted += conflicts;
        }
    });
    assert!(
        merged >= 1_000 && conflicted > 100 && merged - conflicted > 100,
        "{merged}, {conflicted}"
    );
}

const FOLDERS: [&str; 6] = ["a", "a/one", "a/two", "b", "b/deep/er", "."];

fn text(random: &mut Rng) -> String {
    let words: Vec<String> = (0..12)
        .map(|line| format!("line {line} {}\n", random.u32(..)))
        .collect();
    words.concat()
}

/// Something that people do to a repository: lines and files change, appear, go, and are moved, alone or with their folder.
fn change(project: &Repository, random: &mut Rng) {
    let listed = project.git(&["ls-files", "--cached", "--others", "-z"]);
    let there = |file: &&str| file.ends_with(".txt") && project.path().join(file).is_file();
    let files: Vec<String> = listed.split('\0').filter(there).map(str::to_owned).collect();
    let file = random.choice(&files).unwrap().clone();
    let folder = random.choice(FOLDERS).unwrap();
    match random.u8(..12) {
        0..4 => {
            let mut lines: Vec<String> = project.read(&file).lines().map(str::to_owned).collect();
            let at = random.usize(..lines.len().max(1));
            match lines.get_mut(at) {
                Some(line) => *line = format!("changed {}", random.u32(..)),
                None => lines.push("grown".into()),
            }
            project.write(&file, lines.join("\n") + "\n");
        }
        4 | 5 => drop(project.write(format!("{folder}/new-{}.txt", random.u8(..30)), text(random))),
        6 => drop(project.remove(&file)),
        7 | 8 => {
            let to = format!("{folder}/moved-{}.txt", random.u8(..30));
            project.write(&to, project.read(&file)).remove(&file);
        }
        9 | 10 => {
            // The folder as a whole goes somewhere else, its files with it.
            let from = random.choice(["a/one", "a/two", "b", "b/deep"]).unwrap();
            let to = random.choice(["c", "a/three", "d/e", "b2"]).unwrap();
            for file in files.iter().filter(|file| file.starts_with(&format!("{from}/"))) {
                let moved = file.replacen(from, to, 1);
                project.write(&moved, project.read(file)).remove(file);
            }
        }
        _ => {
            // A file where others have a folder, and the other way round.
            let name = format!("odd-{}", random.u8(..4));
            let path = project.path().join(&name);
            match random.bool() && !path.is_file() {
                true => drop(project.write(format!("{name}/inside.txt"), "in a folder\n")),
                false if !path.exists() => drop(project.write(&name, "a file\n")),
                false => {}
            }
        }
    }
}
