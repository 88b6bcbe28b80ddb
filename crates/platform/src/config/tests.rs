use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::http::Network;

fn environment(variables: &[(&str, &str)]) -> Sources {
    let environment =
        variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Sources { environment, ..Sources::none() }
}

fn refused(sources: &Sources) -> String {
    Config::load(sources).unwrap_err().message().to_owned()
}

fn file(text: &str) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tintype.toml"), text).unwrap();
    let sources = Sources { folder: Some(folder.path().to_owned()), ..Sources::none() };
    (folder, sources)
}

/// Another allowed value for each key than the default, as text.
fn another(key: &str, default: &toml::Value) -> String {
    match (key, default) {
        ("server.listen", _) => "127.0.0.2:9".to_owned(),
        ("database.url", _) => "sqlite:other.db".to_owned(),
        ("database.replica_url", _) => "postgres://me@copy/tintype".to_owned(),
        ("redis.url", _) => "redis://cache:6379".to_owned(),
        ("feed.strategy", _) => "hybrid".to_owned(),
        ("media.url", _) => "s3://pictures/tintype".to_owned(),
        ("media.endpoint" | "media.public_endpoint", _) => "http://127.0.0.1:9000".to_owned(),
        ("media.public_url", _) => "https://cdn.example/pictures".to_owned(),
        ("http.cors_origins", _) => "https://a.example, http://b.example:81".to_owned(),
        ("http.trusted_proxies", _) => "10.0.0.0/8,::1".to_owned(),
        ("log.format", _) => "json".to_owned(),
        ("log.level", _) => "warn,tintype_feed=debug".to_owned(),
        (_, toml::Value::Boolean(value)) => (!value).to_string(),
        (_, toml::Value::Integer(value)) => {
            if *value == 0 {
                "1".to_owned()
            } else {
                (value - 1).to_string()
            }
        }
        (_, toml::Value::String(_)) => "another-text-of-more-than-32-characters".to_owned(),
        (key, value) => panic!("no other value for {key} = {value}"),
    }
}

#[test]
fn every_key_can_be_set_by_its_variable_and_is_read() {
    let (defaults, provenance) = Config::load(&Sources::none()).unwrap();
    let mut seen = 0;
    for setting in provenance.settings() {
        let variable = layers::variable(&setting.key);
        let text = another(&setting.key, &setting.value);
        let (config, provenance) = Config::load(&environment(&[(&variable, &text)])).unwrap();
        let changed: Vec<_> =
            provenance.settings().filter(|setting| setting.source != Source::Default).collect();
        assert_eq!(changed.len(), 1, "{variable}");
        assert_eq!(changed[0].key, setting.key);
        assert_eq!(changed[0].source, Source::Environment(variable.clone()));
        assert_ne!(changed[0].value, setting.value);
        // Debug hides the secrets, so those are compared by themselves.
        let differs = format!("{config:?}") != format!("{defaults:?}")
            || config.auth.jwt_secret != defaults.auth.jwt_secret
            || config.media.secret_key != defaults.media.secret_key;
        assert!(differs, "{variable} changes nothing that the program reads");
        seen += 1;
    }
    assert!(seen > 30);
}

#[test]
fn every_key_of_the_defaults_is_explained_where_it_stands() {
    let mut explained = false;
    for line in DEFAULTS.lines() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(explained, "{line} has no comment before it");
            explained = false;
        } else {
            explained = line.starts_with('#');
        }
    }
}

#[test]
fn the_file_goes_before_the_defaults_the_environment_before_it_and_a_flag_first() {
    let (_folder, mut sources) =
        file("[server]\nnode = 3\n[feed]\ntimeline_size = 7\ndays_limit = 9\n");
    sources.environment.push(("TINTYPE_FEED_TIMELINE_SIZE".into(), "8".into()));
    sources.environment.push(("TINTYPE_SERVER_NODE".into(), "4".into()));
    sources.flags = BTreeMap::from([("server.node".into(), "5".into())]);
    let (config, provenance) = Config::load(&sources).unwrap();
    assert_eq!((config.server.node, config.feed.timeline_size, config.feed.days_limit), (5, 8, 9));
    let source = |key: &str| {
        provenance.settings().find(|setting| setting.key == key).unwrap().source.to_string()
    };
    assert_eq!(source("server.node"), "flag");
    assert_eq!(source("feed.timeline_size"), "environment TINTYPE_FEED_TIMELINE_SIZE");
    assert!(source("feed.days_limit").starts_with("file "));
    assert_eq!(source("feed.strategy"), "default");
}

#[test]
fn names_of_the_documents_work_and_ours_go_before_them() {
    let (config, provenance) = Config::load(&environment(&[
        ("DATABASE_URL", "sqlite:/srv/t.db"),
        ("JWT_SECRET", "short"),
        ("JWT_SECRET_KEY", "not this one"),
        ("FEED_DAYS_LIMIT", "3"),
        ("FEED_LIMIT_DEFAULT", "30"),
        ("FEED_CELEBRITY_THRESHOLD", "5000"),
        ("TINTYPE_FEED_CELEBRITY_THRESHOLD", "6000"),
        ("PORT", "9000"),
        ("DEBUG", "true"),
        ("REDIS_HOST", "127.0.0.1"),
        ("KAFKA_BOOTSTRAP_SERVERS", ""),
    ]))
    .unwrap();
    assert_eq!(config.database_path().unwrap(), Path::new("/srv/t.db"));
    assert_eq!(config.jwt_secret().unwrap(), "short");
    assert_eq!((config.feed.days_limit, config.feed.default_limit), (3, 30));
    assert_eq!(config.feed.celebrity_threshold, 6000);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.log.level, "debug");
    assert_eq!(provenance.warnings.len(), 2, "{:?}", provenance.warnings);
    assert!(provenance.warnings[0].starts_with("REDIS_HOST is set"));
    assert!(provenance.warnings[1].starts_with("auth.jwt_secret is shorter"));
}

#[test]
fn an_error_names_the_key_the_value_its_source_and_what_is_allowed() {
    for (variable, text, message) in [
        (
            "TINTYPE_FEED_STRATEGY",
            "fast",
            "feed.strategy is \"fast\" (environment TINTYPE_FEED_STRATEGY); allowed is: auto, pull, push, hybrid",
        ),
        (
            "TINTYPE_AUTH_BCRYPT_COST",
            "20",
            "auth.bcrypt_cost is 20 (environment TINTYPE_AUTH_BCRYPT_COST); allowed is: a whole number from 4 to 16",
        ),
        (
            "TINTYPE_LIMITS_ENABLED",
            "maybe",
            "limits.enabled is \"maybe\" (environment TINTYPE_LIMITS_ENABLED); allowed is: true or false",
        ),
        (
            "FEED_DAYS_LIMIT",
            "a week",
            "feed.days_limit is \"a week\" (environment FEED_DAYS_LIMIT); allowed is: a whole number",
        ),
        (
            "TINTYPE_FEED_STRATEGIE",
            "pull",
            "There is no variable TINTYPE_FEED_STRATEGIE; did you mean TINTYPE_FEED_STRATEGY?",
        ),
        ("PORT", "http", "PORT is \"http\"; allowed is: a whole number from 0 to 65535"),
        (
            "TINTYPE_HTTP_TRUSTED_PROXIES",
            "10.0.0.0/40",
            "http.trusted_proxies is [\"10.0.0.0/40\"] (environment TINTYPE_HTTP_TRUSTED_PROXIES); \
             allowed is: addresses or networks such as 127.0.0.1 or 10.0.0.0/8",
        ),
        (
            "DATABASE_URL",
            "mysql://me:pw@db/tintype",
            "database.url is \"mysql://me:********@db/tintype\" (environment DATABASE_URL); allowed \
             is: sqlite:FILE, such as sqlite:tintype.db, or \
             postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        ),
        (
            "TINTYPE_MEDIA_URL",
            "/srv/media",
            "media.url is \"/srv/media\" (environment TINTYPE_MEDIA_URL); allowed is: file:FOLDER \
             or s3://BUCKET/PREFIX, such as file:media",
        ),
        (
            "AWS_ENDPOINT_URL",
            "127.0.0.1:9000",
            "media.endpoint is \"127.0.0.1:9000\" (environment AWS_ENDPOINT_URL); allowed is: an \
             address such as https://pictures.example.com, or nothing",
        ),
    ] {
        assert_eq!(refused(&environment(&[(variable, text)])), message);
    }
}

#[test]
fn a_file_with_an_unknown_key_a_wrong_type_or_a_broken_line_is_refused() {
    let (_folder, sources) = file("[log]\nlevl = \"info\"\n");
    assert!(refused(&sources).starts_with("There is no key log.levl (file "));
    assert!(refused(&sources).ends_with("did you mean log.level?"));
    let (_folder, sources) = file("[feed]\ntimeline_size = \"many\"\n");
    assert!(refused(&sources).ends_with("allowed is: a whole number"));
    let (_folder, sources) = file("node = 3\n");
    assert!(refused(&sources).starts_with("There is no key node (file "));
    let (_folder, sources) = file("[feed]\ntimeline_size = \n");
    assert!(refused(&sources).starts_with("Line 2 of "), "{}", refused(&sources));
    let missing = Sources { file: Some("/nowhere/t.toml".into()), ..Sources::none() };
    assert!(refused(&missing).starts_with("The file /nowhere/t.toml cannot be read"));
}

#[test]
fn a_variable_for_tests_is_none_of_our_business() {
    Config::load(&environment(&[("TINTYPE_TEST_POSTGRES", "x"), ("PATH", "/bin")])).unwrap();
}

#[test]
fn secrets_are_made_once_for_their_owner_alone_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("deep/data");
    let flags = BTreeMap::from([("server.data_dir".into(), data_dir.display().to_string())]);
    let sources = Sources { flags, ..Sources::none() };
    let (config, _) = Config::load(&sources).unwrap();
    config.make_data_dir().unwrap();
    let secret = config.jwt_secret().unwrap();
    assert!(secret.len() >= 32);
    assert_eq!(config.jwt_secret().unwrap(), secret);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data_dir.join("jwt.secret")), 0o600);
    assert_eq!(mode(&data_dir), 0o700);
    assert_eq!(std::fs::read_dir(&data_dir).unwrap().count(), 1);
    assert_ne!(config.secret("peer.secret").unwrap(), secret);
    std::fs::write(data_dir.join("jwt.secret"), "cut").unwrap();
    assert!(config.jwt_secret().unwrap_err().message().contains("shorter than 32"));

    let (config, provenance) = Config::load(&environment(&[
        ("JWT_SECRET", "do-not-show-this-to-anybody-please"),
        ("AWS_SECRET_ACCESS_KEY", "do-not-show-this-either"),
    ]))
    .unwrap();
    assert_eq!(config.media.secret_key, "do-not-show-this-either");
    let shown: String = provenance.settings().map(Setting::shown).collect();
    assert!(!shown.contains("do-not-show") && !format!("{config:?}").contains("do-not-show"));
}

#[test]
fn the_database_is_a_file_in_the_data_folder_or_where_it_says() {
    for (url, path) in [
        ("sqlite:t.db", "./tintype-data/t.db"),
        ("sqlite://t.db", "./tintype-data/t.db"),
        ("sqlite:/srv/t.db", "/srv/t.db"),
        ("sqlite:///srv/t.db", "/srv/t.db"),
    ] {
        let (config, _) = Config::load(&environment(&[("DATABASE_URL", url)])).unwrap();
        assert_eq!(config.database_path().unwrap(), Path::new(path), "{url}");
    }
    for url in ["sqlite:", "sqlite::memory:", "sqlite:t.db?mode=ro", "mysql://db/t", "t.db"] {
        let message = refused(&environment(&[("DATABASE_URL", url)]));
        assert!(message.contains("allowed is: sqlite:FILE"), "{message}");
    }
}

#[test]
fn networks_of_proxies_are_read() {
    let (config, _) =
        Config::load(&environment(&[("TINTYPE_HTTP_TRUSTED_PROXIES", "10.0.0.0/8, ::1")])).unwrap();
    let expected: [Network; 2] = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
    assert_eq!(config.http.trusted_proxies, expected);
}
