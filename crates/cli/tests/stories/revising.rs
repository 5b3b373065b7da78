//! Plans that people change, compare and take back.

use crate::shop::Shop;

#[test]
fn a_plan_is_edited_compared_restored_and_revised() {
    let revised = crate::shop::submit(&["A note", "A list"]);
    let shop = Shop::planned("", &["A note"], &[("Add a list, please", &[&revised])]);
    let place = &shop.place;
    let plan = place.ok(&["sprint", "edit", "1", "--print"]);
    let file = place.file("plan.toml", &plan.replace("A note", "A letter"));
    place.ok(&["sprint", "edit", "1", "--file", &file, "--note", "letters are longer"]);
    let unchanged = place.fails(3, &["sprint", "edit", "1", "--file", &file]);
    assert!(unchanged.contains("nothing was changed"), "{unchanged}");
    let versions = place.ok(&["sprint", "versions", "1"]);
    assert!(versions.contains("letters are longer"), "{versions}");
    insta::assert_snapshot!(place.ok(&["sprint", "diff", "1"]), @r#"
    version 1 -> version 2
    ~ task-0
        title: "A note" → "A letter"
    "#);
    // Whoever began from an older version is told what changed since, and nothing is lost.
    let moved = place.fails(3, &["sprint", "edit", "1", "--file", &file, "--base", "1"]);
    assert!(
        moved.contains("the newest is version 2") && moved.contains("A letter"),
        "{moved}"
    );
    place.ok(&["sprint", "restore", "1", "1"]);
    assert!(place.ok(&["sprint", "diff", "1", "2", "3"]).contains("A note"));
    assert_eq!(place.ok(&["sprint", "edit", "1", "--print"]), plan);
    place.ok(&["sprint", "revise", "1", "Add a list, please."]);
    shop.event("plan_saved", |data| data.to_string().contains("A list"));
    let missing = place.fails(4, &["sprint", "restore", "1", "9"]);
    assert!(
        missing.contains("the plan has no version 9; the newest is 4"),
        "{missing}"
    );
    insta::assert_snapshot!(place.ok(&["sprint", "diff", "1", "1", "4"]), @"
    version 1 -> version 4
    + task-1: A list
    ");
}
