//! Chores of the project: `cargo xtask tidy` checks the house rules.

mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match (arguments.next().as_deref(), arguments.next()) {
        (Some("tidy"), None) => tidy::run(root()),
        _ => Err(anyhow::anyhow!("say what to do: `cargo xtask tidy` checks the house rules")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace: as cargo says now and not when it compiled this, because a build folder
/// may outlive a checkout.
fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR").expect("this is run by cargo");
        Path::new(&xtask).parent().expect("xtask/ lies in the workspace's folder").to_owned()
    });
    &ROOT
}
