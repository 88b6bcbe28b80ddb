//! Filling what is remembered, for those who are likely to come.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures::{TryStreamExt, stream};
use tintype_api::UserId;
use tintype_api::feed::{FeedRequest, Order};
use tintype_platform::page::Limit;
use tintype_platform::{Result, config};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::wiring::Site;

/// Feeds that are read at once.
const AT_ONCE: usize = 8;

impl Site {
    /// Reads the first page of the feed of each of `viewers`, as one who comes first would: that builds
    /// timelines and brings circles, posts and authors into memory. `per_second` bounds the speed;
    /// `tell` hears of each. Ends at the first failure.
    pub async fn warm(
        &self,
        viewers: Vec<UserId>,
        per_second: Option<NonZeroU32>,
        tell: impl Fn(),
    ) -> Result<()> {
        let pace = per_second.map(|count| {
            let mut pace = interval(Duration::from_secs(1) / count.get());
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        });
        let paced =
            stream::try_unfold((viewers.into_iter(), pace), async |(mut viewers, mut pace)| {
                if let Some(pace) = &mut pace {
                    pace.tick().await;
                }
                Ok(viewers.next().map(|viewer| (viewer, (viewers, pace))))
            });
        paced
            .try_for_each_concurrent(AT_ONCE, async |viewer| {
                self.feed.stored_page(&first_page(viewer)).await?;
                tell();
                Ok(())
            })
            .await
    }
}

/// Reads the feeds that are to be read before the process is ready, and says when that is so: when
/// they are read, when it takes too long, when it fails.
pub(crate) async fn before_ready(
    site: Arc<Site>,
    settings: config::Feed,
    ready: watch::Sender<bool>,
) {
    let warming = async {
        let viewers = site.accounts.last_signed_in(settings.warm_at_start).await?;
        let count = viewers.len();
        site.warm(viewers, None, || ()).await.map(|()| count)
    };
    if settings.warm_at_start > 0 {
        match tokio::time::timeout(settings.warm_patience, warming).await {
            Ok(Ok(feeds)) => tracing::info!(feeds, "what is remembered is there"),
            Ok(Err(error)) => tracing::warn!(cause = %error, "feeds could not be read beforehand"),
            Err(_) => tracing::info!("feeds were read beforehand for as long as that may take"),
        }
    }
    ready.send_replace(true);
}

fn first_page(viewer: UserId) -> FeedRequest {
    FeedRequest {
        viewer,
        order: Order::Latest,
        cursor: None,
        skip: 0,
        limit: Limit::default(),
        own_posts: true,
        days: None,
    }
}
