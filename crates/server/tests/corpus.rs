//! Runs what the fuzzer's corpus holds through the parsers that it was made for.

#[path = "../../../fuzz/parsers/mod.rs"]
mod parsers;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Asked when the test runs: what it was compiled in may be gone by then.
fn fuzz() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../fuzz")
}

#[test]
fn every_parser_bears_its_corpus() {
    let corpus = fuzz().join("corpus");
    for (name, parser) in parsers::PARSERS {
        let mut files = 0;
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            // Shown only when the test fails: the last one is at fault.
            println!("{}", path.display());
            parser(&fs::read(path).unwrap());
            files += 1;
        }
        assert!(files > 0, "{name} has no corpus");
    }
}

#[test]
fn every_parser_has_a_program_and_a_corpus() {
    let fuzz = fuzz();
    let manifest: toml::Table =
        fs::read_to_string(fuzz.join("Cargo.toml")).unwrap().parse().unwrap();
    let programs = manifest["bin"].as_array().unwrap().iter();
    let programs: BTreeSet<_> =
        programs.map(|program| program["name"].as_str().unwrap().to_owned()).collect();
    let folders = fs::read_dir(fuzz.join("corpus")).unwrap();
    let folders: BTreeSet<_> =
        folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    let parsers: BTreeSet<_> =
        parsers::PARSERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(programs, parsers);
    assert_eq!(folders, parsers);
}
