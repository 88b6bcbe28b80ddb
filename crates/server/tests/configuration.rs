//! What the operator is told about the configuration.

use std::process::Command;

#[test]
fn a_variable_without_effect_is_said_to_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let shown = Command::new(env!("CARGO_BIN_EXE_tintype"))
        .arg("config")
        .current_dir(folder.path())
        .env("RABBITMQ_URL", "amqp://127.0.0.1")
        .output()
        .unwrap();
    assert!(shown.status.success());
    let warnings = String::from_utf8(shown.stderr).unwrap();
    assert!(warnings.starts_with("warning: RABBITMQ_URL is set, but"), "{warnings}");
}
