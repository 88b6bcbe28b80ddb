//! A small network from the seed to the comparison with the definition, on every database that is
//! there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tintype_platform::clock::SystemClock;
use tintype_platform::config::{Config, Sources};
use tintype_platform::testkit::variable;
use tintype_platform::{http, telemetry};
use tintype_server::wiring::{Running, Site};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::client::Url;
use crate::graph::Network;
use crate::load::{self, Pace};
use crate::mix::{Deed, Mix, Scene};
use crate::population::Population;
use crate::store::Lent;
use crate::{inside, spread, truth};

fn population() -> Population {
    let network = Network { users: 200, following: 20, seed: 7, edges: None, audience: 250 };
    Population::new(network.graph().unwrap(), 7, 600)
}

fn config(folder: &Path, keys: &[(&str, &str)]) -> Config {
    let folder = folder.to_str().unwrap();
    let usual = [
        ("server.data_dir", folder),
        ("limits.enabled", "false"),
        ("auth.bcrypt_cost", "4"),
        ("log.level", "warn"),
    ];
    let flags = usual.iter().chain(keys).map(|(key, value)| ((*key).into(), (*value).into()));
    Config::load(&Sources { flags: flags.collect(), ..Sources::default() }).unwrap().0
}

async fn open(config: &Config) -> Site {
    Site::open(config, Arc::new(SystemClock), 0).await.unwrap()
}

/// Fills the site of `config`, serves it within this process, and plays with it.
fn play(runtime: &Runtime, config: &Config) {
    let telemetry = telemetry::init(&config.log);
    let population = population();
    let running: Running = runtime.block_on(async {
        let filled = population.fill(config).await.unwrap();
        assert_eq!((filled.accounts, filled.posts), (251, 600));
        let site = open(config).await;
        assert_eq!(site.graph.check(false).await.unwrap(), [], "counts are those of the rows");
        site.run(config, Some(telemetry)).await.unwrap()
    });
    let (url, stop, served) = serve(runtime, &running);
    let scene = Arc::new(Scene::open(population, vec![url], 50).unwrap());
    let spreads = spread::measure(&scene, 2).unwrap();
    assert_eq!(spreads.len(), 2);
    for mix in [Mix::plain(), Mix::app()] {
        let clients = scene.clients(&mix, 4, 1);
        let duration = Duration::from_secs(1);
        let outcome = load::run(&scene.urls, clients, Pace::Open(100), duration).unwrap();
        assert!(!outcome.kinds[Deed::Home as usize].is_empty(), "{outcome}");
    }
    assert!(scene.done.lock().posts.len() > 2);
    runtime.block_on(running.bus.drained()).unwrap();
    let compared = truth::check(&scene, 20, 3).unwrap();
    assert!(compared > 500, "{compared}");
    // A post of the star that was not written down is one that feeds show for no reason.
    scene.done.lock().posts.remove(0);
    assert!(truth::check(&scene, 20, 3).is_err());
    drop(stop);
    runtime.block_on(async {
        served.await.unwrap();
        running.stop().await;
    });
}

type Served = (Url, tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<()>);

fn serve(runtime: &Runtime, running: &Running) -> Served {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (router, ground) = (running.router.clone(), running.ground.clone());
    let served = runtime.spawn(http::serve(listener, router, ground, async {
        let _ = stopped.await;
    }));
    (url, stop, served)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

#[test]
fn a_network_is_played_with_and_its_feeds_are_right() {
    let folder = tempfile::tempdir().unwrap();
    play(&runtime(), &config(folder.path(), &[]));
}

#[test]
fn so_it_is_on_servers() {
    let Some(postgres) = variable("TINTYPE_TEST_POSTGRES_URL") else { return };
    let Some(redis) = variable("TINTYPE_TEST_REDIS_URL") else { return };
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let name = format!("tintype_bench_test_{:x}", std::process::id());
    let lent = runtime.block_on(Lent::make(&postgres, &name)).unwrap();
    let keys = [("database.url", &*lent.url), ("redis.url", &*redis), ("redis.prefix", &*name)];
    play(&runtime, &config(folder.path(), &keys));
    runtime.block_on(lent.remove()).unwrap();
}

#[test]
fn a_database_goes_though_nobody_removes_it() {
    let Some(postgres) = variable("TINTYPE_TEST_POSTGRES_URL") else { return };
    let runtime = runtime();
    let name = format!("tintype_bench_test_dropped_{:x}", std::process::id());
    for _ in 0..2 {
        // A second one of the name can only be made when the first is gone.
        let lent = runtime.block_on(Lent::make(&postgres, &name)).unwrap();
        let failing = catch_unwind(AssertUnwindSafe(|| {
            let _lent = lent;
            panic!("the measurement fails");
        }));
        assert!(failing.is_err());
    }
}

#[test]
fn what_is_measured_within_the_process_is_what_the_site_does() {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let config = config(folder.path(), &[]);
    let population = population();
    let site = runtime.block_on(async {
        population.fill(&config).await.unwrap();
        open(&config).await
    });
    // It compares what it merges with a plain merge.
    let found = inside::measure(&runtime, &site, &population, 100).unwrap();
    assert!(found.merge > 0.0 && found.assembly > 0.0 && found.delivery >= 0.0, "{found:?}");
    runtime.block_on(site.database.close());
}
