//! Many deliveries at the same moment, as in a fleet.

use std::sync::Arc;

use futures::future::join_all;
use tintype_activity::Settings;
use tintype_api::{Event, PostId, UserId};

use crate::network::Network;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_number_of_items_stays_exact() {
    let network = Arc::new(Network::with(Settings { most_items: 20 }));
    let people: [UserId; 9] = network.crowd();
    let tasks = (0..24_u64).map(|task| {
        let network = network.clone();
        tokio::spawn(async move {
            for step in 0..20 {
                let number = task * 7 + step * 3;
                let user = people[(number % 8) as usize + 1];
                let post = PostId::new(1000 + number % 5).unwrap();
                let event = match number % 4 {
                    0 => Event::PostUnliked { post, author: people[0], user },
                    1 if step == 10 => Event::PostDeleted { post, author: people[0] },
                    2 if step == 11 => Event::UserDeleted { user },
                    _ => Event::PostLiked { post, author: people[0], user },
                };
                network.happen(&[event]).await;
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(network.activity.check(false).await.unwrap(), []);
    let told = network.told(people[0]).await;
    let mut once = told.clone();
    once.sort_unstable_by_key(|(_, actor, target)| (*actor, *target));
    once.dedup();
    assert_eq!(once.len(), told.len());
    assert!(told.len() <= 20);
}
