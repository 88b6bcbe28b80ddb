//! Which slices run in this process, and how they find each other.

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use tintype_accounts::AccountsService;
use tintype_activity::ActivityService;
use tintype_api::auth::Gate;
use tintype_api::{Base, Drift, Services};
use tintype_feed::FeedService;
use tintype_graph::GraphService;
use tintype_media::MediaService;
use tintype_platform::bus::{Bus, Consumer};
use tintype_platform::config::{Config, Strategy};
use tintype_platform::db::{self, Database, Follower, Migrations};
use tintype_platform::http::operations::{Operations, replay};
use tintype_platform::http::{Ground, idempotency, probes, stack};
use tintype_platform::objects::{ObjectUrls, Objects};
use tintype_platform::redis::Redis;
use tintype_platform::telemetry::Telemetry;
use tintype_platform::{Clock, Error, IdGenerator, Result};
use tintype_posts::PostsService;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;

use crate::{docs, health, operations, report, warming};

/// How often counters are recounted for the metric of their drift.
const RECOUNT: Duration = Duration::from_hours(1);

/// How often it is measured what uploads take.
const MEASURE: Duration = Duration::from_mins(1);

/// Feeds that are compared with their definition on that occasion.
const RECOUNTED_FEEDS: usize = 100;

/// The tables of all slices.
pub const MIGRATIONS: [Migrations; 7] = [
    db::MIGRATIONS,
    tintype_accounts::MIGRATIONS,
    tintype_graph::MIGRATIONS,
    tintype_posts::MIGRATIONS,
    tintype_media::MIGRATIONS,
    tintype_feed::MIGRATIONS,
    tintype_activity::MIGRATIONS,
];

/// The slices over one database. Nothing runs yet: a command may use them beside a server.
pub struct Site {
    /// The database of all slices.
    pub database: Database,
    /// People.
    pub accounts: Arc<AccountsService>,
    /// Who follows whom.
    pub graph: Arc<GraphService>,
    /// Posts and what people do with them.
    pub posts: Arc<PostsService>,
    /// What people have uploaded.
    pub media: Arc<MediaService>,
    /// Feeds.
    pub feed: Arc<FeedService>,
    /// What happened to people.
    pub activity: Arc<ActivityService>,
    /// New ids.
    pub ids: Arc<IdGenerator>,
    redis: Option<Redis>,
    /// What keeps this process right among others, a command as well as a server.
    background: Background,
    clock: Arc<dyn Clock>,
    consumers: Vec<Arc<dyn Consumer>>,
    routes: OpenApiRouter,
    /// Routes that take large bodies, and routes that give them.
    uploads: OpenApiRouter,
    files: OpenApiRouter,
}

/// Tasks that end with the site.
struct Background([JoinHandle<()>; 2]);

impl Background {
    fn end(&self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

impl Site {
    /// Opens the data folder, making what is missing, and wires the slices together. `node` tells
    /// this process's ids apart from those of others on the same embedded database.
    pub async fn open(config: &Config, clock: Arc<dyn Clock>, node: u8) -> Result<Self> {
        let data_dir = config.make_data_dir()?;
        let database = Database::open(&config.database, data_dir, &MIGRATIONS).await?;
        let floor = database.outbox().highest_id().await?;
        let node = database.node(node).await?;
        let ids = Arc::new(IdGenerator::new(clock.clone(), node, floor));
        let node_kept = database.keep_node(ids.clone());
        let services = Arc::new(Services::default());
        let objects = ObjectUrls::new(&config.media.public_url);
        let redis = match config.redis.url.as_str() {
            "" => None,
            url => Some(Redis::at(url, &config.redis.prefix)?),
        };
        let base = Base { database, clock, ids, services, objects, redis };

        let accounts = tintype_accounts::start(&base, accounts_settings(config)?)?;
        base.services.set_accounts(accounts.service.clone());
        let graph = tintype_graph::start(&base, graph_settings(config))?;
        base.services.set_graph(graph.service.clone());
        let posts = tintype_posts::start(&base, posts_settings(config)).await?;
        base.services.set_posts(posts.service.clone());
        let media = tintype_media::start(&base, media_settings(config)?)?;
        let tintype_media::Started { slice: media, uploads, files } = media;
        base.services.set_media(media.service.clone());
        let feed = tintype_feed::start(&base, feed_settings(config))?;
        base.services.set_feed(feed.service.clone());
        let activity = tintype_activity::start(&base, tintype_activity::Settings::default())?;
        base.services.set_activity(activity.service.clone());

        let followers: [Vec<Arc<dyn Follower>>; 6] = [
            accounts.followers,
            graph.followers,
            posts.followers,
            media.followers,
            feed.followers,
            activity.followers,
        ];
        let following = base.database.follow(followers.concat());
        base.database.caught_up().await?;

        Ok(Self {
            consumers: [
                accounts.consumers,
                graph.consumers,
                posts.consumers,
                media.consumers,
                feed.consumers,
                activity.consumers,
            ]
            .concat(),
            routes: OpenApiRouter::with_openapi(docs::about())
                .merge(accounts.routes)
                .merge(graph.routes)
                .merge(posts.routes)
                .merge(media.routes)
                .merge(feed.routes)
                .merge(activity.routes)
                .merge(health::routes(
                    base.database.clone(),
                    !config.redis.url.is_empty(),
                    media.service.clone(),
                )),
            uploads,
            files,
            accounts: accounts.service,
            graph: graph.service,
            posts: posts.service,
            media: media.service,
            feed: feed.service,
            activity: activity.service,
            database: base.database,
            ids: base.ids,
            redis: base.redis,
            background: Background([node_kept, following]),
            clock: base.clock,
        })
    }

    /// Recounts every counter, and compares the feeds of up to `feeds` accounts with their
    /// definition; with `repair`, puts right what is wrong. Answers what was found.
    pub async fn check(&self, feeds: usize, repair: bool) -> Result<Vec<Drift>> {
        let mut drifts = self.graph.check(repair).await?;
        drifts.extend(self.posts.check(repair).await?);
        drifts.extend(self.media.check(repair).await?);
        drifts.extend(self.accounts.check(repair).await?);
        drifts.extend(self.activity.check(repair).await?);
        let viewers = self.accounts.members(None, feeds).await?;
        drifts.extend(self.feed.check(&viewers, repair).await?);
        Ok(drifts)
    }

    /// Starts consumers and whatever else runs beside the requests.
    pub async fn run(self, config: &Config, telemetry: Option<Telemetry>) -> Result<Running> {
        let (routes, mut openapi) = self.routes.clone().split_for_parts();
        let keys = idempotency::store(&self.database);
        let ground = Ground::new(config)
            .with_redis(self.redis.clone())
            .with_idempotency(keys, self.clock.clone());
        let gate = Gate {
            accounts: self.accounts.clone(),
            limits: ground.limits(),
            loopback: config.server.listen.ip().is_loopback(),
        };
        let operations = match Box::pin(self.agree(config)).await {
            Ok(()) => {
                let (database, clock) = (&self.database, self.clock.clone());
                operations::open(config, database, clock, gate.clone(), &openapi)
            }
            Err(error) => Err(error),
        };
        let operations = match operations {
            Ok(operations) => operations,
            Err(error) => {
                self.background.end();
                self.database.close().await;
                return Err(error);
            }
        };
        let (outbox, settings) = (self.database.outbox(), (&config.bus).into());
        let bus = Bus::start(outbox, self.clock.clone(), &settings, self.consumers.clone());
        let bus = Arc::new(bus.await?);
        let ground = ground.on(self.database.clone()).with_operations(operations.clone());
        let ground = Arc::new(ground);
        self.feed.go_live(&bus, ground.closing());
        let database = self.database.clone();
        let (warmed, is_warm) = watch::channel(config.feed.warm_at_start == 0);
        let ready = move || {
            let (database, is_warm) = (database.clone(), *is_warm.borrow());
            async move {
                if !is_warm {
                    let words = "The server reads what it is to remember; try again in a moment";
                    return Err(Error::unavailable("warming", words, 1));
                }
                database.answers().await
            }
        };
        let (of_operations, on_operations) = operations::routes(ground.clone()).split_for_parts();
        let (uploads, of_uploads) = self.uploads.clone().split_for_parts();
        let (files, of_files) = self.files.clone().split_for_parts();
        openapi.merge(on_operations);
        openapi.merge(of_uploads);
        openapi.merge(of_files);
        let probes =
            of_operations.merge(docs::routes(openapi)).merge(probes(&ground, telemetry, ready));
        let for_uploads = Arc::new(ground.for_uploads(config.media.upload_timeout));
        let router = stack(routes.layer(Extension(gate.clone())), &ground)
            .merge(stack(probes, &Arc::new(ground.apart())))
            .merge(stack(uploads.layer(Extension(gate.clone())), &for_uploads))
            .merge(stack(files, &Arc::new(ground.for_files())));
        // Nobody else serves this folder, and nobody has sent anything yet.
        self.media.clear_spool();
        let site = Arc::new(self);
        let pages = site.pages(config, &ground, &bus)?.layer(Extension(gate));
        let router = router.merge(pages);
        let limits = ground.limits();
        let tasks = vec![
            tokio::spawn(measure_drift(site.clone())),
            tokio::spawn(measure_media(site.clone())),
            tokio::spawn(replay(ground.clone(), router.clone())),
            tokio::spawn(async move { limits.count_together().await }),
            tokio::spawn(warming::before_ready(site.clone(), config.feed.clone(), warmed)),
        ];
        let (stop_views, stopping) = oneshot::channel();
        let views = tokio::spawn(store_views(site.clone(), stopping));
        Ok(Running { router, ground, site, bus, operations, tasks, views, stop_views })
    }

    /// Makes sure that the other processes of the site, if there are any, accept the tokens of this
    /// one and find the pictures that it stores.
    async fn agree(&self, config: &Config) -> Result<()> {
        let Database::Postgres(database) = &self.database else { return Ok(()) };
        database
            .agree(
                "secret of tokens",
                &config.jwt_secret()?,
                "The other processes of this site have another secret, so they would refuse the \
                 tokens of this one; set auth.jwt_secret (JWT_SECRET) to the same value for all. \
                 To change it, stop all of them first",
            )
            .await?;
        database
            .agree(
                "store of pictures",
                &self.media.store_identity().await?,
                "The other processes of this site keep pictures and films elsewhere, so they would \
                 not find those of this one; set media.url to the same S3-compatible store for \
                 all, or to a folder that they share. To change it, stop all of them first",
            )
            .await
    }

    /// The pages that people see.
    fn pages(
        self: &Arc<Self>,
        config: &Config,
        ground: &Arc<Ground>,
        bus: &Arc<Bus>,
    ) -> Result<Router> {
        let parts = tintype_web::Parts {
            accounts: self.accounts.clone(),
            graph: self.graph.clone(),
            posts: self.posts.clone(),
            media: self.media.clone(),
            feed: self.feed.clone(),
            activity: self.activity.clone(),
            clock: self.clock.clone(),
            report: report::reporter(self.clone(), bus.clone()),
        };
        let settings = tintype_web::Settings {
            secret: config.jwt_secret()?,
            token_days: config.auth.token_days,
            objects: ObjectUrls::new(&config.media.public_url),
            public_url: config.media.public_url.clone(),
            upload_timeout: config.media.upload_timeout,
        };
        Ok(tintype_web::routes(parts, settings, ground))
    }
}

/// A site whose consumers run, ready to be served.
pub struct Running {
    /// All routes, in all dialects.
    pub router: Router,
    /// What all requests share.
    pub ground: Arc<Ground>,
    /// The slices.
    pub site: Arc<Site>,
    /// The consumers.
    pub bus: Arc<Bus>,
    operations: Option<Arc<Operations>>,
    tasks: Vec<JoinHandle<()>>,
    views: JoinHandle<()>,
    /// Ends the storing of views when it goes.
    stop_views: oneshot::Sender<()>,
}

impl Running {
    /// Ends what runs beside the requests, after the last of them: consumers finish what they have
    /// in hand, views are stored, the database is closed.
    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        self.bus.stop().await;
        drop(self.stop_views);
        if let Err(error) = self.views.await {
            tracing::warn!(cause = %error, "the views of the last second could not be stored");
        }
        if let Some(operations) = &self.operations {
            operations.close().await;
        }
        self.site.background.end();
        self.site.database.close().await;
    }
}

fn accounts_settings(config: &Config) -> Result<tintype_accounts::Settings> {
    let auth = &config.auth;
    Ok(tintype_accounts::Settings {
        jwt_secret: config.jwt_secret()?,
        token_days: auth.token_days,
        bcrypt_cost: auth.bcrypt_cost,
        bcrypt_threads: auth.bcrypt_threads,
        bcrypt_queue: auth.bcrypt_queue,
        cached: config.cache.accounts,
    })
}

fn graph_settings(config: &Config) -> tintype_graph::Settings {
    tintype_graph::Settings {
        most_followees: config.graph.max_followings,
        cached_circles: config.cache.circles,
    }
}

fn posts_settings(config: &Config) -> tintype_posts::Settings {
    tintype_posts::Settings {
        cached_posts: config.cache.posts,
        timeline_size: config.feed.timeline_size,
        ..tintype_posts::Settings::default()
    }
}

fn feed_settings(config: &Config) -> tintype_feed::Settings {
    let strategy = match config.feed.strategy {
        Strategy::Auto if config.database_path().is_some() => Strategy::Pull,
        Strategy::Auto => Strategy::Hybrid,
        strategy => strategy,
    };
    tintype_feed::Settings { strategy, kept: config.redis.timeline_ttl, ..(&config.feed).into() }
}

fn media_settings(config: &Config) -> Result<tintype_media::Settings> {
    const MEGABYTE: u64 = 1024 * 1024;
    let media = &config.media;
    Ok(tintype_media::Settings {
        objects: Objects::open(media, &config.server.data_dir)?,
        spool: config.server.data_dir.join("uploads"),
        secret: config.jwt_secret()?,
        largest: media.max_upload_mb * MEGABYTE,
        pixels: media.max_megapixels * 1_000_000,
        workers: media.workers,
        queue: media.queue,
        budget: media.budget_mb * MEGABYTE,
        presigned_for: Duration::from_secs(media.presigned_minutes * 60),
        ffmpeg: media.ffmpeg.clone(),
    })
}

/// Stores views until `stopping` comes, and then once more: cut off in between, it would leave
/// views to be stored a second time.
async fn store_views(site: Arc<Site>, mut stopping: oneshot::Receiver<()>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        let last = tokio::select! {
            _ = &mut stopping => true,
            _ = tick.tick() => false,
        };
        if let Err(error) = site.posts.flush_views().await {
            tracing::warn!(cause = %error, "views could not be stored");
        }
        if last {
            return;
        }
    }
}

async fn measure_media(site: Arc<Site>) {
    let mut tick = tokio::time::interval(MEASURE);
    loop {
        tick.tick().await;
        if let Err(error) = site.media.measure().await {
            tracing::warn!(cause = %error, "what is uploaded could not be measured");
        }
    }
}

async fn measure_drift(site: Arc<Site>) {
    loop {
        tokio::time::sleep(RECOUNT).await;
        match site.check(RECOUNTED_FEEDS, false).await {
            Ok(drifts) => {
                metrics::gauge!("tintype_counter_drift").set(drifts.len() as f64);
                for drift in drifts {
                    tracing::warn!(?drift, "a counter does not show what it counts");
                }
            }
            Err(error) => tracing::warn!(cause = %error, "counters could not be recounted"),
        }
    }
}
