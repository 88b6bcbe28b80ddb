//! What every implementation of the service must do, near or far.

use std::sync::Arc;

use tintype_api::graph::{Graph, GraphCounts, Relationship};
use tintype_api::testkit::user;
use tintype_platform::testkit::far;

use crate::network::Network;

async fn conforms(graph: Arc<dyn Graph>, network: &Network) {
    let [ann, ben, eve] = [1, 2, 3].map(user);
    let circle = graph.circle(ann).await.unwrap();
    assert_eq!(*circle.followees, [ben, eve]);
    assert_eq!(*circle.muted, [eve]);
    assert_eq!(*circle.authors, [ben]);
    assert!(circle.blocked.is_empty());
    assert_eq!(*graph.circle(user(99)).await.unwrap(), tintype_api::Circle::default());

    let counts = graph.counts(vec![eve, user(99), ben, eve]).await.unwrap();
    let of = |followers, following, pending_requests| GraphCounts {
        followers,
        following,
        pending_requests,
    };
    assert_eq!(counts, [of(2, 0, 0), of(0, 0, 0), of(1, 1, 0), of(2, 0, 0)]);
    assert_eq!(graph.counts(Vec::new()).await.unwrap(), []);

    let standing = graph.relationships(ann, vec![eve, ben, user(99)]).await.unwrap();
    let none = Relationship::default();
    let following = Relationship { following: true, ..none };
    assert_eq!(standing, [Relationship { muting: true, ..following }, following, none]);

    assert_eq!(graph.followers_after(eve, None, 1).await.unwrap(), [ann]);
    assert_eq!(graph.followers_after(eve, Some(ann), 9).await.unwrap(), [ben]);
    assert_eq!(graph.followers_after(eve, Some(ben), 9).await.unwrap(), []);

    let kim = network.people.put(4, "kim", true);
    network.follow(&[(ann, kim), (ben, kim)]).await;
    assert_eq!(graph.counts(vec![kim]).await.unwrap(), [of(0, 0, 2)]);
    graph.accept_all(kim).await.unwrap();
    graph.accept_all(kim).await.unwrap();
    assert_eq!(graph.counts(vec![kim]).await.unwrap(), [of(2, 0, 0)]);
    assert!(graph.circle(ann).await.unwrap().follows(kim));
}

async fn network() -> Network {
    let network = Network::new();
    let people = network.crowd(3);
    let [ann, ben, eve] = people[..] else { unreachable!("three were asked for") };
    network.follow(&[(ann, ben), (ann, eve), (ben, eve)]).await;
    network.graph.mute(ann, eve).await.unwrap();
    network
}

#[tokio::test]
async fn the_service_near_by() {
    let network = network().await;
    conforms(network.graph.clone(), &network).await;
}

#[tokio::test]
async fn the_service_over_the_network() {
    let network = network().await;
    let peer = far(tintype_api::graph::graph::routes(network.graph.clone())).await;
    conforms(Arc::new(peer), &network).await;
}
