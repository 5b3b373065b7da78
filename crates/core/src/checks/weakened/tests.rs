//! Changes that weaken tests, and those that only look like it.

use super::weakened;

/// A diff of one file: its lines as git writes them, with their signs.
fn diff(path: &str, lines: &[&str]) -> String {
    let count = |sign: char| {
        let of_side = |line: &&&str| line.starts_with(sign) || line.starts_with(' ');
        lines.iter().filter(of_side).count()
    };
    let (before, after) = (count('-'), count('+'));
    format!(
        "diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n@@ -1,{before} +1,{after} @@\n{}\n",
        lines.join("\n")
    )
}

fn told(diffs: &[String]) -> Vec<String> {
    weakened(&diffs.concat()).iter().map(ToString::to_string).collect()
}

#[test]
fn removed_tests_are_told_of_in_each_language() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("src/a.rs", &["-#[test]", "-fn adds() {", "-    run();", "-}"], "adds"),
        (
            "src/a.rs",
            &["-#[tokio::test(flavor = \"x\")]", "-async fn adds() {", "-}"],
            "adds",
        ),
        // git shows the deletion of the first of two this way.
        (
            "src/a.rs",
            &[" #[test]", "-fn adds() {", "-}", "-", "-#[test]", " fn other() {"],
            "adds",
        ),
        // Only its attribute is taken away.
        ("src/a.rs", &["-#[test]", " fn adds() {", " }"], "adds"),
        ("web/a.test.ts", &["-it('adds', () => {", "-});"], "adds"),
        ("web/a.test.tsx", &["-test.each([1])(\"adds\", () => {", "-});"], "adds"),
        ("tests/test_a.py", &["-def test_adds():", "-    run()"], "test_adds"),
        (
            "tests/test_a.py",
            &["-    async def test_adds(self):", "-        run()"],
            "test_adds",
        ),
        ("a_test.go", &["-func TestAdds(t *testing.T) {", "-}"], "TestAdds"),
        (
            "src/test/ATest.java",
            &["-    @Test", "-    void adds() {", "-    }"],
            "adds",
        ),
        // A comment is no test.
        (
            "tests/test_a.py",
            &["-def test_adds():", "+# def test_adds():"],
            "test_adds",
        ),
    ];
    for (path, lines, test) in cases {
        let told = told(&[diff(path, lines)]);
        assert_eq!(told, [format!("{path}: test `{test}` was removed")], "{lines:?}");
    }
}

#[test]
fn lost_assertions_are_told_of_in_each_language() {
    let cases: &[(&str, &[&str])] = &[
        ("src/a.rs", &[" fn adds() {", "-    assert_eq!(add(1, 1), 2);", " }"]),
        ("web/a.spec.js", &["-  expect(add(1, 1)).toBe(2);"]),
        ("tests/test_a.py", &["-    assert add(1, 1) == 2", "+    add(1, 1)"]),
        ("a_test.go", &["-\t\tt.Errorf(\"got %d\", got)"]),
        (
            "src/test/ATest.java",
            &[
                "-        assertEquals(2, add(1, 1));",
                "+        // assertEquals(2, add(1, 1));",
            ],
        ),
    ];
    for (path, lines) in cases {
        let told = told(&[diff(path, lines)]);
        assert_eq!(told, [format!("{path}: an assertion was removed")], "{lines:?}");
    }
}

#[test]
fn added_skips_are_told_of_in_each_language() {
    let cases: &[(&str, &str)] = &[
        ("src/a.rs", "#[ignore = \"flaky\"]"),
        ("web/a.test.ts", "describe.skip('adding', () => {"),
        ("web/a.test.ts", "xdescribe('adding', () => {"),
        ("tests/test_a.py", "@pytest.mark.skipif(True)"),
        ("tests/test_a.py", "@pytest.mark.xfail"),
        ("a_test.go", "t.Skip(\"later\")"),
        ("src/test/ATest.java", "@Disabled"),
    ];
    for (path, line) in cases {
        let told = told(&[diff(path, &[&format!("+  {line}")])]);
        assert_eq!(told, [format!("{path}: tests are skipped: `{line}`")], "{line}");
    }
}

#[test]
fn a_deleted_file_of_tests_is_told_of_test_by_test() {
    let text = "diff --git a/t/test_a.py b/t/test_a.py\ndeleted file mode 100644\n--- a/t/test_a.py\n+++ /dev/null\n@@ -1,4 +0,0 @@\n\
                -def test_one():\n-    run()\n-def test_two():\n-    run()\n";
    let told: Vec<String> = weakened(text).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "t/test_a.py: test `test_one` was removed",
            "t/test_a.py: test `test_two` was removed"
        ]
    );
}

#[test]
fn what_was_moved_renamed_or_changed_is_not_told_of() {
    let quiet: &[&[(&str, &[&str])]] = &[
        // Moved to another file.
        &[
            ("src/a.rs", &["-#[test]", "-fn adds() {", "-    assert!(one());", "-}"]),
            ("src/b.rs", &["+#[test]", "+fn adds() {", "+    assert!(one());", "+}"]),
        ],
        // Renamed.
        &[(
            "src/a.rs",
            &[
                " #[test]",
                "-fn adds() {",
                "+fn adds_two_numbers() {",
                "     assert!(one());",
            ],
        )],
        &[(
            "tests/test_a.py",
            &["-def test_a():", "+def test_adds():", "     assert one()"],
        )],
        // An assertion that expects something else.
        &[(
            "src/a.rs",
            &["-    assert_eq!(add(1, 1), 3);", "+    assert_eq!(add(1, 1), 2);"],
        )],
        // Moved by a few lines, or indented.
        &[(
            "web/a.test.ts",
            &[
                "-expect(one()).toBe(1);",
                " const two = 2;",
                "+  expect(one()).toBe(1);",
            ],
        )],
        // New tests.
        &[("a_test.go", &["+func TestAdds(t *testing.T) {", "+\tt.Error(1)", "+}"])],
        // A skip that was there.
        &[("a_test.go", &["-\tt.Skip(\"later\")", "+\t\tt.Skip(\"later\")"])],
        // No tests.
        &[("src/checkout.py", &["-    assert paid", "+    pay()"])],
        &[("README.md", &["-#[test]", "-fn adds() {"])],
        &[("src/a.rs", &["-fn adds() {", "-}"])],
        &[("web/edit.ts", &["-item('adds');", "-item.it('x');"])],
    ];
    for files in quiet {
        let diffs: Vec<String> = files.iter().map(|(path, lines)| diff(path, lines)).collect();
        assert_eq!(told(&diffs), [""; 0], "{files:?}");
    }
}

#[test]
fn a_test_that_gives_way_to_one_that_looks_at_less_is_told_of() {
    let lines = [
        "-def test_pays():",
        "-    assert pay(1)",
        "-    assert pay(2)",
        "+def test_nothing():",
        "+    pass",
    ];
    assert_eq!(
        told(&[diff("tests/test_a.py", &lines)]),
        [
            "tests/test_a.py: test `test_pays` was removed",
            "tests/test_a.py: 2 assertions were removed"
        ]
    );
}

#[test]
fn whatever_a_diff_holds_it_is_read_to_its_end() {
    for text in [
        "",
        "@@ -1 +1 @@\n-x",
        "diff --git a/a.rs b/a.rs\n--- a/a.rs\n@@ -9999999999999999999 +1 @@\n",
        "é\n+é",
    ] {
        assert_eq!(weakened(text), []);
    }
    let header = ["--- a/other.rs", "-- comment"];
    let lines = ["-#[test]", header[0], "-fn adds() {", "-}"];
    assert_eq!(told(&[diff("src/a.rs", &lines)]).len(), 1);
}
