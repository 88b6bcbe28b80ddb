use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::error::{Error, Kind, Result};
use crate::http::context::{self, Context};
use crate::testkit::far;

crate::service! {
    /// Counts how often it is asked.
    pub trait Counter as counter {
        /// `by` more, and how many that makes; refused above ten.
        write fn add(by: u32, why: Option<String>) -> u32;
        /// How many there are.
        read fn count() -> u32;
    }
}

#[derive(Default)]
struct Local(AtomicU32);

#[async_trait]
impl Counter for Local {
    async fn add(&self, by: u32, why: Option<String>) -> Result<u32> {
        if by > 10 {
            return Err(Error::invalid("by", format!("at most 10, {}", why.unwrap_or_default()))
                .with_retry_after(3));
        }
        Ok(self.0.fetch_add(by, Ordering::Relaxed) + by)
    }

    async fn count(&self) -> Result<u32> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}

async fn conforms(counter: Arc<dyn Counter>) {
    assert_eq!(counter.add(2, None).await.unwrap(), 2);
    assert_eq!(counter.add(3, Some("more".into())).await.unwrap(), 5);
    assert_eq!(counter.count().await.unwrap(), 5);
    let error = counter.add(11, Some("please".into())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(error.message(), "at most 10, please");
    assert_eq!(error.fields()[0].field, "by");
    assert_eq!(error.retry_after(), Some(3));
}

#[tokio::test]
async fn near_and_far_are_alike() {
    conforms(Arc::new(Local::default())).await;
    conforms(Arc::new(far(counter::routes(Arc::new(Local::default()))).await)).await;
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_unavailable_and_soon_left_alone() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let peer = Peer::new(&address, "secret").unwrap();
    let mut causes = Vec::new();
    for _ in 0..6 {
        let error = peer.add(1, None).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "peer_unavailable"));
        causes.push(error.to_string());
    }
    assert!(causes[5].contains("breaker is open"), "{}", causes[5]);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a deadline that has passed")]
async fn a_request_that_comes_too_late_says_nothing_against_the_peer() {
    let peer = far(counter::routes(Arc::new(Local::default()))).await;
    let late = Context {
        request_id: "late".into(),
        deadline: Some(tokio::time::Instant::now()),
        traceparent: None,
    };
    for _ in 0..10 {
        let error = context::scope(late.clone(), peer.count()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
    assert_eq!(peer.count().await.unwrap(), 0);
}

#[tokio::test]
async fn only_a_caller_who_knows_the_secret_is_served() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let local = Arc::new(Local::default());
    let routes = guarded(counter::routes(local.clone()), "right");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    assert!(Peer::new(&address, "wrong").unwrap().add(1, None).await.is_err());
    assert_eq!(local.count().await.unwrap(), 0);
    assert_eq!(Peer::new(&address, "right").unwrap().add(1, None).await.unwrap(), 1);
}
