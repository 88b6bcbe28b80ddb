//! PostgreSQL and Redis that speak nothing but TLS.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tintype_platform::testkit::variable;
use tokio_postgres::NoTls;

use crate::outage::Servers;
use crate::rig::PICTURE;
use crate::rig::program::{Program, run};

/// A certificate for this machine and its key, signed by an authority that nobody else knows.
struct Certificate {
    authority: PathBuf,
    chain: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn make(folder: &Path) -> Self {
        let at = |name: &str| folder.join(name);
        openssl(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
            -subj /CN=authority -keyout authority.key -out authority.pem \
            -addext basicConstraints=critical,CA:TRUE",
        );
        openssl(
            folder,
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -subj /CN=127.0.0.1 -keyout server.key -out server.csr",
        );
        std::fs::write(at("extensions"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        openssl(
            folder,
            "x509 -req -in server.csr -CA authority.pem -CAkey authority.key \
            -CAcreateserial -days 2 -extfile extensions -out server.pem",
        );
        let key = at("server.key");
        Self { authority: at("authority.pem"), chain: at("server.pem"), key }
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    let made = command.current_dir(folder).args(arguments.split_whitespace()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// From now on the server refuses whoever does not come by TLS.
async fn postgres_by_tls_alone(servers: &Servers, certificate: &Certificate) {
    let (client, connection) =
        tokio_postgres::connect(&servers.postgres.address, NoTls).await.unwrap();
    let driven = tokio::spawn(connection);
    let data: String = client.query_one("SHOW data_directory", &[]).await.unwrap().get(0);
    let data = Path::new(&data);
    let owner = std::fs::metadata(data).unwrap();
    for (from, name) in [(&certificate.chain, "server.crt"), (&certificate.key, "server.key")] {
        let to = data.join(name);
        std::fs::copy(from, &to).unwrap();
        std::fs::set_permissions(&to, PermissionsExt::from_mode(0o600)).unwrap();
        chown(&to, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    std::fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
    client.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    // It takes a moment; who is refused then is refused for good.
    while tokio_postgres::connect(&servers.postgres.address, NoTls).await.is_ok() {}
    driven.abort();
}

/// Another address of Redis, at which it speaks nothing but TLS.
fn redis_by_tls(servers: &Servers, certificate: &Certificate) -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
    for (name, value) in [
        ("tls-cert-file", path(&certificate.chain)),
        ("tls-key-file", path(&certificate.key)),
        ("tls-auth-clients", "no".to_owned()),
        ("tls-port", free.to_string()),
    ] {
        assert_eq!(ask_redis(servers, &["CONFIG", "SET", name, &value]), "OK", "{name}");
    }
    format!("rediss://127.0.0.1:{free}")
}

fn ask_redis(servers: &Servers, question: &[&str]) -> String {
    let (_, port) = servers.redis.address.rsplit_once(':').unwrap();
    let answer = Command::new("redis-cli").args(["-p", port]).args(question).output().unwrap();
    String::from_utf8_lossy(&answer.stdout).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_spoken_to_in_tls_and_must_prove_who_they_are_if_asked_to() {
    if variable("TINTYPE_TEST_POSTGRES_URL").is_none() {
        return;
    }
    let servers = Servers::start();
    let certificate = Certificate::make(servers.folder.path());
    let redis = redis_by_tls(&servers, &certificate);
    postgres_by_tls_alone(&servers, &certificate).await;
    let folder = tempfile::tempdir().unwrap();
    let redis = format!("redis.url={redis}");
    let serve = |database: &str| {
        [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--set",
            database,
            "--set",
            &redis,
            "--set",
            "feed.strategy=push",
        ]
        .map(str::to_owned)
    };
    let strict = format!("database.url={}?sslmode=require", servers.postgres.address);

    // Nobody vouches for the server.
    let strict = serve(&strict);
    let strict: Vec<&str> = strict.iter().map(String::as_str).collect();
    run(folder.path(), &strict).failed(&["certificate"]);

    let trusting = [("SSL_CERT_FILE", certificate.authority.to_str().unwrap())];
    let program = Program::start_in(folder.path(), &strict, &trusting).await;
    let [ann, ben] = ["ann", "ben"];
    let (ann, ben) = (program.stranger.register(ann).await, program.stranger.register(ben).await);
    ben.follows(&ann).await;
    let body = json!({ "caption": "in private", "mediaUrls": [PICTURE] });
    ann.post("/api/posts", body).await.good(201);
    let feed = ben.get("/api/feed").await.good(200);
    assert_eq!(feed["posts"].as_array().unwrap().len(), 1);
    assert_ne!(ask_redis(&servers, &["DBSIZE"]), "0", "what was read is there");
    program.stop().await;

    // TLS all the same, but nobody asked who the server is.
    let plain = serve(&format!("database.url={}", servers.postgres.address));
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    let program = Program::start_in(folder.path(), &plain, &trusting).await;
    program.stranger.get("/api/users/ann").await.good(200);
    program.stop().await;
}
