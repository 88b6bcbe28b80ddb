//! `platform ← api ← slices ← web, server`: who may depend on whom.

use toml::{Table, Value};

use super::{Tree, Violation};

/// What a crate of the workspace may depend on. One that is not named may depend on all.
const LAYERS: [(&str, &[&str]); 10] = [
    ("tintype-platform", &[]),
    ("tintype-api", &["tintype-platform"]),
    ("tintype-accounts", BELOW_SLICES),
    ("tintype-graph", BELOW_SLICES),
    ("tintype-posts", BELOW_SLICES),
    ("tintype-media", BELOW_SLICES),
    ("tintype-feed", BELOW_SLICES),
    ("tintype-activity", BELOW_SLICES),
    (
        "tintype-web",
        &[
            "tintype-platform",
            "tintype-api",
            "tintype-accounts",
            "tintype-graph",
            "tintype-posts",
            "tintype-media",
            "tintype-feed",
            "tintype-activity",
        ],
    ),
    ("xtask", &[]),
];

const BELOW_SLICES: &[&str] = &["tintype-platform", "tintype-api"];

/// Slices know each other by the traits in `api` alone, tests included, so that each can run
/// elsewhere. The pages stand above them, as the server does.
pub(super) fn slices_stand_alone(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text, manifest) in manifests(tree) {
        let name = package_name(&manifest);
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else { continue };
        for dependency in dependencies(&manifest) {
            let ours = dependency.starts_with("tintype-");
            if ours && dependency != name && !allowed.contains(&dependency.as_str()) {
                violations.push(Violation::new(
                    path,
                    line_of(text, &dependency),
                    format!(
                        "{name} may not depend on {dependency}: take what it offers through a \
                         trait of `api`, or move what both need to `platform`"
                    ),
                ));
            }
        }
    }
    violations
}

/// The lints of the workspace hold for every crate, `missing_docs` among them.
pub(super) fn lints_are_inherited(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text, manifest) in manifests(tree) {
        let inherits = table(&manifest, "lints").and_then(|lints| lints.get("workspace"));
        if manifest.contains_key("package") && inherits != Some(&Value::Boolean(true)) {
            let advice = "add `[lints]` with `workspace = true`";
            violations.push(Violation::new(path, 1, advice));
        }
        let Some(workspace) = table(&manifest, "workspace") else { continue };
        let lints = table(workspace, "lints").and_then(|lints| table(lints, "rust"));
        let documented = lints.and_then(|lints| lints.get("missing_docs")).and_then(Value::as_str);
        if !matches!(documented, Some("warn" | "deny")) {
            violations.push(Violation::new(
                path,
                line_of(text, "[workspace.lints.rust]"),
                "every public item is documented: set `missing_docs = \"warn\"`",
            ));
        }
    }
    violations
}

/// The manifests of the workspace, its root included.
fn manifests(tree: &Tree) -> impl Iterator<Item = (&str, &str, Table)> {
    tree.ending("Cargo.toml").filter(|(path, _)| !path.starts_with("fuzz/")).map(|(path, text)| {
        let manifest = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        (path, text, manifest)
    })
}

fn package_name(manifest: &Table) -> &str {
    let name = table(manifest, "package").and_then(|package| package.get("name"));
    name.and_then(Value::as_str).unwrap_or_default()
}

/// The packages that a crate depends on, for whatever purpose and on whatever system.
fn dependencies(manifest: &Table) -> Vec<String> {
    let mut dependencies = Vec::new();
    for (key, value) in manifest {
        let Value::Table(section) = value else { continue };
        if key.ends_with("dependencies") {
            dependencies.extend(section.iter().map(|(name, dependency)| {
                let renamed = dependency.get("package").and_then(Value::as_str);
                renamed.unwrap_or(name).to_owned()
            }));
        } else if key == "target" {
            let systems = section.values().filter_map(Value::as_table);
            dependencies.extend(systems.flat_map(self::dependencies));
        }
    }
    dependencies
}

fn table<'a>(parent: &'a Table, key: &str) -> Option<&'a Table> {
    parent.get(key)?.as_table()
}

fn line_of(text: &str, words: &str) -> usize {
    text.lines().position(|line| line.contains(words)).unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_may_not_depend_on_a_slice() {
        let tree = Tree::of([
            (
                "crates/feed/Cargo.toml",
                "[package]\nname = \"tintype-feed\"\n[dependencies]\ntintype-api.workspace = true\n\
                 [dev-dependencies]\ntintype-posts.workspace = true\n\
                 [target.'cfg(unix)'.dependencies]\ng = { package = \"tintype-graph\" }\n",
            ),
            (
                "crates/server/Cargo.toml",
                "[package]\nname = \"tintype-server\"\n[dependencies]\ntintype-feed.path = \"x\"\n",
            ),
        ]);
        let found = slices_stand_alone(&tree);
        let found: Vec<_> = found.iter().map(|found| (&*found.path, found.line)).collect();
        assert_eq!(found, [("crates/feed/Cargo.toml", 6), ("crates/feed/Cargo.toml", 8)]);
    }

    #[test]
    fn a_crate_without_the_lints_is_found() {
        let tree = Tree::of([
            ("Cargo.toml", "[workspace]\n[workspace.lints.rust]\nmissing_docs = \"allow\"\n"),
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("crates/b/Cargo.toml", "[package]\nname = \"b\"\n[lints]\nworkspace = true\n"),
        ]);
        let found = lints_are_inherited(&tree);
        let found: Vec<_> = found.iter().map(|found| (&*found.path, found.line)).collect();
        assert_eq!(found, [("Cargo.toml", 2), ("crates/a/Cargo.toml", 1)]);
    }
}
