//! The rules of the house that a program can check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FUNCTIONS: [&str; 4] = ["autoscale", "provision", "rotate", "snapshot"];
const OURS: [&str; 10] = [
    "acceptance",
    "autoscale",
    "aws-sim",
    "bench",
    "conformance",
    "domain",
    "platform",
    "provision",
    "rotate",
    "snapshot",
];

/// A rule that is broken, and where.
type Broken = Vec<String>;

#[track_caller]
fn holds(rule: &str, broken: Broken) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below a directory whose names end so, with their texts, by their paths from the root.
fn files(below: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root().join(below)];
    while let Some(directory) = open.pop() {
        for entry in
            fs::read_dir(&directory).unwrap_or_else(|err| panic!("{}: {err}", directory.display()))
        {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !["target", "node_modules", "__pycache__"].contains(&name)
                    && !name.starts_with('.')
                {
                    open.push(path);
                }
            } else if name.ends_with(ending) {
                let from_root = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.insert(from_root, fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    assert!(!found.is_empty(), "{below} has no *{ending}");
    found
}

fn rust_files() -> BTreeMap<String, String> {
    ["functions", "shared", "tests", "tools"].into_iter().flat_map(|it| files(it, ".rs")).collect()
}

/// What a crate is made of, by the section of its manifest.
fn dependencies(directory: &str) -> BTreeMap<String, BTreeSet<String>> {
    let manifest = fs::read_to_string(root().join(directory).join("Cargo.toml")).unwrap();
    let mut sections: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[') {
            head.trim_matches(|it| it == '[' || it == ']').clone_into(&mut section);
            // `[dependencies.tokio]` is another way to say it.
            if let Some((kind, name)) = section.rsplit_once('.')
                && kind.ends_with("dependencies")
            {
                sections.entry(kind.to_owned()).or_default().insert(name.to_owned());
            }
        } else if section.ends_with("dependencies")
            && let Some(name) = line
                .split(['=', '.', ' '])
                .next()
                .filter(|it| !it.is_empty() && !it.starts_with('#'))
        {
            sections.entry(section.clone()).or_default().insert(name.to_owned());
        }
    }
    assert!(
        sections.keys().any(|it| it.ends_with("dependencies")),
        "{directory} names no dependencies: {sections:?}"
    );
    sections
}

fn crates_of(directory: &str, with_dev: bool) -> BTreeSet<String> {
    let sections = dependencies(directory).into_iter();
    sections
        .filter(|(kind, _)| with_dev || !kind.contains("dev-"))
        .flat_map(|(_, names)| names)
        .collect()
}

/// A word of the language outside comments.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).any(|line| {
        line.match_indices(word).any(|(at, _)| {
            !is_part(line[..at].chars().next_back())
                && !is_part(line[at + word.len()..].chars().next())
        })
    })
}

#[test]
fn domain_cannot_wait() {
    let allowed = BTreeSet::from(
        ["csv", "jiff", "percent-encoding", "serde", "serde_json", "thiserror"].map(str::to_owned),
    );
    let named = crates_of("shared/domain", false);
    let mut broken: Broken = named.difference(&allowed).cloned().collect();
    for (path, text) in files("shared/domain", ".rs") {
        for word in ["async", "await", "tokio", "SystemTime", "Instant"] {
            if has_word(&text, word) {
                broken.push(format!("{path} has the word {word}"));
            }
        }
        for text_of in ["std::env", "Timestamp::now", "Zoned::now"] {
            if text.contains(text_of) {
                broken.push(format!("{path} has {text_of}"));
            }
        }
    }
    holds("domain names only pure crates, no clock, no environment, and never waits", broken);
}

#[test]
fn the_simulator_and_its_judge_have_not_seen_our_code() {
    let mut broken = Broken::new();
    for directory in ["tests/aws-sim", "tests/conformance"] {
        let named = crates_of(directory, true);
        let ours = named.iter().filter(|it| OURS.contains(&it.as_str()));
        broken.extend(ours.map(|it| format!("{directory} depends on {it}")));
    }
    holds("what stands for AWS, and what judges it, name no crate of ours", broken);
}

#[test]
fn a_function_names_no_sdk_and_no_other_function() {
    let mut broken = Broken::new();
    for function in FUNCTIONS {
        let named = crates_of(&format!("functions/{function}"), true);
        for name in
            named.iter().filter(|it| it.starts_with("aws-") || FUNCTIONS.contains(&it.as_str()))
        {
            broken.push(format!("{function} depends on {name}"));
        }
        for (path, text) in files(&format!("functions/{function}"), ".rs") {
            for (line, _) in text.lines().enumerate().filter(|(_, it)| it.contains("aws_sdk_")) {
                broken.push(format!("{path}:{} names an SDK crate", line + 1));
            }
        }
    }
    holds("functions reach AWS through platform, and each other not at all", broken);
}

#[test]
fn only_platform_names_the_sdk() {
    // And the conformance suite, whose subject the SDK is.
    let mut broken = Broken::new();
    for directory in ["shared/domain", "tests/aws-sim", "tests/acceptance", "tests/bench"] {
        let named = crates_of(directory, true);
        broken.extend(
            named
                .iter()
                .filter(|it| it.starts_with("aws-sdk-"))
                .map(|it| format!("{directory} depends on {it}")),
        );
    }
    assert!(crates_of("shared/platform", false).iter().any(|it| it.starts_with("aws-sdk-")));
    holds("the SDK is named by platform alone", broken);
}

#[test]
fn every_function_has_the_same_six_files() {
    let six = ["apply.rs", "event.rs", "lib.rs", "main.rs", "observe.rs", "report.rs"];
    let mut broken = Broken::new();
    for function in FUNCTIONS {
        let source = root().join("functions").join(function).join("src");
        let seen: BTreeSet<String> = fs::read_dir(&source)
            .unwrap()
            .map(|it| it.unwrap())
            .map(|it| it.file_name().into_string().unwrap())
            .collect();
        let missing = six.iter().filter(|it| !seen.contains(**it));
        broken.extend(missing.map(|it| format!("{function} has no {it}")));
        // What is too long for one file goes into a directory of its name.
        let below = |it: &str| six.contains(&it) || six.contains(&format!("{it}.rs").as_str());
        let more = seen.iter().filter(|it| !below(it));
        broken.extend(more.map(|it| format!("{function} has {it}")));
        let main = fs::read_to_string(source.join("main.rs")).unwrap();
        if 20 < main.lines().count() {
            broken.push(format!("{function}/src/main.rs has more than 20 lines"));
        }
    }
    holds(
        "main, lib, event, observe, apply, report: the same six in all four, and a main that is not worth a test",
        broken,
    );
}

#[test]
fn a_panic_unwinds_where_deployed_too() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let profile = manifest.split("\n[").find(|it| it.starts_with("profile.release]")).unwrap();
    // What the profile leaves out, the build tool fills with "abort" (docs/adr/0007).
    assert!(profile.lines().any(|it| it == "panic = \"unwind\""), "{profile}");
}

#[test]
fn a_package_is_named_like_its_directory() {
    let mut broken = Broken::new();
    for (path, text) in
        ["functions", "shared", "tests", "tools"].into_iter().flat_map(|it| files(it, "Cargo.toml"))
    {
        let directory = Path::new(&path).parent().unwrap().file_name().unwrap().to_str().unwrap();
        if !text.contains(&format!("name = \"{directory}\"")) {
            broken.push(path.clone());
        }
        for setting in
            ["lints]\nworkspace = true", "publish.workspace = true", "license.workspace = true"]
        {
            if !text.contains(setting) {
                broken.push(format!("{path} does not say {setting}"));
            }
        }
    }
    holds(
        "package = directory, with the lints, the licence and the settings of the workspace",
        broken,
    );
}

#[test]
fn no_file_is_too_long_to_read() {
    let too_long = rust_files().into_iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (500 < lines).then(|| format!("{path} has {lines} lines"))
    });
    holds("a file has one subject, and 500 lines at most", too_long.collect());
}

#[test]
fn a_file_is_named_after_its_subject() {
    const EMPTY_WORDS: [&str; 9] =
        ["common", "helper", "helpers", "manager", "misc", "types", "util", "utils", "handler"];
    let broken = rust_files().into_keys().filter(|path| {
        let stem = Path::new(path).file_stem().unwrap().to_str().unwrap();
        stem.split('_').any(|it| EMPTY_WORDS.contains(&it))
    });
    holds("no file is named after nothing", broken.collect());
}

#[test]
fn every_file_says_what_it_is_about() {
    let broken = rust_files().into_iter().filter_map(|(path, text)| {
        // Tests below a file are about that file.
        let is_tests =
            path.contains("/src/") && (path.ends_with("tests.rs") || path.contains("/tests/"));
        let begins = text.lines().next().is_some_and(|it| it.starts_with("//!"));
        (!begins && !is_tests).then_some(path)
    });
    holds("the first line of a file says what it is about", broken.collect());
}

#[test]
fn nothing_is_left_for_later() {
    // Written apart, so that this file does not find itself.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    let mut broken = Broken::new();
    for (path, text) in rust_files() {
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|it| line.contains(it)) {
                broken.push(format!("{path}:{}", number + 1));
            }
        }
    }
    holds("what is here is finished", broken);
}

#[test]
fn every_event_file_is_a_test_case() {
    let tests = files("tests/acceptance/it", ".rs");
    let mut broken = Broken::new();
    for function in FUNCTIONS {
        let events = files(&format!("events/{function}"), ".json");
        for (path, text) in &events {
            if serde_json::from_str::<serde_json::Value>(text).is_err() {
                broken.push(format!("{path} is not JSON"));
            }
        }
        let of_function = tests.iter().filter(|(path, _)| path.contains(&format!("/{function}")));
        let sources: Vec<&String> = of_function.map(|(_, text)| text).collect();
        // Either a test reads the whole directory, or each file has its place by name.
        let reads_all = sources
            .iter()
            .any(|it| it.contains(&format!("events/{function}")) && it.contains("read_dir"));
        for path in events.keys() {
            let name = Path::new(path).file_stem().unwrap().to_str().unwrap();
            if !reads_all
                && !sources.iter().any(|it| {
                    it.contains(&format!("\"{name}\"")) || it.contains(&format!("{name}.json"))
                })
            {
                broken.push(format!("{path} is in no test of {function}"));
            }
        }
    }
    let directories = fs::read_dir(root().join("events")).unwrap();
    let names = directories.map(|it| it.unwrap().file_name().into_string().unwrap());
    broken.extend(
        names
            .filter(|it| !FUNCTIONS.contains(&it.as_str()))
            .map(|it| format!("events/{it} belongs to no function")),
    );
    holds("every file in events/ is read and handled by a test", broken);
}

/// The names of the tests of the workspace.
fn tests_of_the_workspace() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in rust_files().into_values() {
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            }
            let name = line.trim_start_matches("async ").strip_prefix("fn ");
            let Some(name) = name.and_then(|it| it.split('(').next()) else { continue };
            // A property has its attribute inside a macro, a line above likewise.
            if is_test {
                names.insert(name.to_owned());
            }
            is_test = false;
        }
    }
    names
}

#[test]
fn every_promise_names_a_test_that_exists() {
    let promises = fs::read_to_string(root().join("docs/semantics.md")).expect("docs/semantics.md");
    let tests = tests_of_the_workspace();
    let mut broken = Broken::new();
    let mut numbered = 0;
    for (number, block) in paragraphs(&promises) {
        numbered += 1;
        let quoted: Vec<&str> = block.split('`').skip(1).step_by(2).map(last_part).collect();
        let (flows, words): (Vec<&str>, Vec<&str>) =
            quoted.into_iter().partition(|it| is_flow_like(it));
        let named: Vec<&str> =
            words.into_iter().filter(|it| it.contains('_') && is_name(it)).collect();
        if named.is_empty() && flows.is_empty() {
            broken.push(format!("{number} names no test"));
        }
        let unknown_tests = named.iter().filter(|it| !tests.contains(**it));
        broken.extend(unknown_tests.map(|it| format!("{number}: there is no test {it}")));
        let unknown_flows = flows.iter().filter(|it| !acceptance::flows::NAMES.contains(it));
        broken.extend(unknown_flows.map(|it| format!("{number}: there is no flow {it}")));
    }
    assert!(20 <= numbered, "only {numbered} promises were found");
    holds("each numbered promise names tests that exist", broken);
}

/// A flow is called after its function, and what it does.
fn is_flow_like(name: &str) -> bool {
    let function = FUNCTIONS.iter().find_map(|it| name.strip_prefix(it));
    name == "rotate" || function.is_some_and(|it| it.starts_with('-'))
}

/// The numbered paragraphs, list entries and table rows of a document, by their numbers.
fn paragraphs(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let start = line
            .trim_start_matches(['|', '-', '*', '#', ' '])
            .split([' ', '|'])
            .next()
            .unwrap_or_default();
        let number = start.trim_end_matches(['.', ':', '*', ')']);
        let letters = number.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
        let is_number = number.ends_with(|it: char| it.is_ascii_digit())
            && letters.len() <= 2
            && letters.chars().all(|it| it.is_ascii_uppercase());
        if is_number && !line.starts_with(' ') {
            found.push((number.to_owned(), line.to_owned()));
        } else if line.trim().is_empty() || line.starts_with('#') {
            // A heading or a gap ends a promise; what follows before the next number explains.
            found.push((String::new(), String::new()));
        } else if let Some((_, block)) = found.last_mut() {
            block.push('\n');
            block.push_str(line);
        }
    }
    found.retain(|(number, _)| !number.is_empty());
    found
}

fn last_part(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

fn is_name(text: &str) -> bool {
    text.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_')
}

#[test]
fn a_rule_that_is_broken_is_seen() {
    assert!(has_word("pub async fn x()", "async") && !has_word("// async", "async"));
    assert!(!has_word("let asynchronous = 1;", "async"));
    let text = "# A\n\n1. One (`a_b`)\n   and `c::d_e`.\n\nNot numbered.\n\n| S2 | two | `f_g` |\n";
    let said: Vec<_> = paragraphs(text).into_iter().map(|it| it.0).collect();
    assert_eq!(said, ["1", "S2"]);
    assert!(dependencies("shared/platform")["dependencies"].contains("aws-sdk-elasticache"));
    assert!(tests_of_the_workspace().contains("a_rule_that_is_broken_is_seen"));
}
