//! Runs the parser that the program is named after on what libFuzzer makes up.

#![no_main]

mod parsers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let name = env!("CARGO_BIN_NAME");
    let parser = parsers::PARSERS.iter().find(|(parser, _)| *parser == name);
    parser.expect("the program is named after a parser").1(bytes);
});
