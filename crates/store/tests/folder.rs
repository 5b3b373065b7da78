//! The data folder belongs to one program at a time.

use std::os::unix::fs::PermissionsExt;

use team6_store::{DataFolder, DataFolderError};
use tempfile::TempDir;

#[test]
fn a_folder_in_use_is_refused_and_names_who_has_it() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("deep/data");
    let folder = DataFolder::open(&path).unwrap();
    let error = DataFolder::open(&path).unwrap_err();
    let expected = format!(
        "data folder {} is in use by process {}: stop that one, or choose another folder",
        path.display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
    let clone = folder.clone();
    drop(folder);
    assert!(matches!(DataFolder::open(&path), Err(DataFolderError::InUse { .. })));
    drop(clone);
    DataFolder::open(&path).unwrap();
}

#[test]
fn a_new_folder_is_for_its_user_only() {
    let place = TempDir::new().unwrap();
    let folder = DataFolder::open(place.path().join("data")).unwrap();
    let mode = std::fs::metadata(folder.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_path_that_is_no_folder_is_refused_by_name() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("file");
    std::fs::write(&path, "").unwrap();
    let error = DataFolder::open(&path).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("data folder {} could not be opened", path.display())),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_given_up_at_this_moment_is_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("data");
    let held = DataFolder::open(&path).unwrap();
    let (beginning, begins) = std::sync::mpsc::channel();
    let opened = std::thread::spawn(move || {
        beginning.send(()).unwrap();
        DataFolder::open(&path).map(drop)
    });
    begins.recv().unwrap();
    drop(held);
    opened.join().unwrap().unwrap();
}
