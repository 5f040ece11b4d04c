//! The reference page of the properties says what the code says, and so does the template.

use std::fs;
use std::path::{Path, PathBuf};

use domain::provision::reference::{self, Default};
use saphyr::{LoadableYamlNode, Yaml};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The page with the table that belongs there.
fn with_table(page: &str, table: &str) -> String {
    let (before, rest) = page.split_once("\n| property |").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    format!("{before}\n{table}\n\n{after}")
}

#[test]
fn the_reference_page_is_the_table_of_the_code() {
    let page = fs::read_to_string(root().join("docs/properties.md")).unwrap();
    let expected = with_table(&page, &reference::table());
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("properties.md");
    fs::write(&written, &expected).unwrap();
    assert!(
        page == expected,
        "docs/properties.md is not what shared/domain/src/provision/reference says; to write it anew:\n  cp {} docs/properties.md\n\n{expected}",
        written.display()
    );
}

#[test]
fn the_template_hands_on_properties_with_their_defaults() {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let at = |path: &[&str]| {
        path.iter().fold(&documents[0], |node, key| node.as_mapping_get(key).unwrap())
    };
    let Yaml::Mapping(handed) = at(&["Resources", "Cache", "Properties"]) else { panic!() };
    let parameters = at(&["Parameters"]);
    let text_of = |it: &Yaml<'_>| {
        it.as_str().map_or_else(|| it.as_integer().unwrap().to_string(), str::to_owned)
    };
    let mut seen = 0;
    for name in handed.keys() {
        let name = name.as_str().unwrap();
        let property = reference::properties().into_iter().find(|it| it.name == name);
        let property = property.unwrap_or_else(|| panic!("{name} is not a property"));
        let Some(parameter) = parameters.as_mapping_get(name) else { continue };
        seen += 1;
        let given = text_of(parameter.as_mapping_get("Default").unwrap());
        let is_same = match property.default {
            Default::Value(value) => given == value,
            Default::Derived(words) => given.is_empty() || words.starts_with(&given),
            Default::Absent => given.is_empty(),
            // A template that is deployed as it is needs some name.
            Default::Required => true,
        };
        assert!(
            is_same,
            "{name} is {given:?} in the template and {} in the code",
            property.default
        );
    }
    assert!(25 < seen, "{seen} parameters are handed on");
}
