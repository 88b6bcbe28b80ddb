//! What only many at once can break.

use std::sync::Arc;

use tintype_api::Stamp;
use tintype_platform::IdGenerator;

use super::{AT_ONCE, add, entry, found, person, session, sign_in};
use crate::account::{Audited, NewAccount, ProfileChange};
use crate::input::Change;
use crate::store::{Login, Store};

pub(super) async fn run(store: &Arc<dyn Store>, ids: &IdGenerator) {
    many_registering_at_once_get_one_account(store, ids).await;
    names_and_addresses_wanted_crosswise_go_to_one_each(store, ids).await;
    no_session_outlives_the_password_it_was_for(store, ids).await;
    nothing_is_left_of_an_account_that_is_busy_when_it_goes(store, ids).await;
}

async fn many_registering_at_once_get_one_account(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let mut person = person(ids, "m.wanted");
        if number % 2 == 1 {
            // Another name, the same address.
            person.username = format!("m.other{number}").parse().unwrap();
        }
        let (store, stamp) = (store.clone(), Stamp::made_by(ids));
        tasks.spawn(async move { store.register(person, None, stamp).await.unwrap() });
    }
    let made = tasks.join_all().await;
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
}

async fn names_and_addresses_wanted_crosswise_go_to_one_each(
    store: &Arc<dyn Store>,
    ids: &IdGenerator,
) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..AT_ONCE {
        let mut person = person(ids, &format!("x.{}.name", number % 7));
        person.email = format!("x.{}@example.com", number % 5).parse().unwrap();
        let (store, stamp) = (store.clone(), Stamp::made_by(ids));
        tasks.spawn(async move {
            let made = store.register(person.clone(), None, stamp).await.unwrap();
            (made, person)
        });
    }
    let tried = tasks.join_all().await;
    let made: Vec<_> = tried.iter().filter(|(made, _)| *made).map(|(_, person)| person).collect();
    assert!((1..=5).contains(&made.len()));
    for (_, person) in &tried {
        let is_one = |made: &&&NewAccount| {
            made.username.as_str() == person.username.as_str()
                || made.email.as_str() == person.email.as_str()
        };
        assert!(made.iter().any(|made| is_one(&made)), "{person:?} was refused for nothing");
        let username = person.username.as_str();
        let owner = made.iter().find(|made| made.username.as_str() == username);
        let named = store.named(vec![username.into()]).await.unwrap();
        assert_eq!(named.first().map(|(_, id)| *id), owner.map(|owner| owner.id));
        let email = Login::Email(person.email.as_str().to_owned());
        let owner = made.iter().find(|made| made.email.as_str() == person.email.as_str());
        let credentials = store.credentials(&email).await.unwrap();
        assert_eq!(credentials.map(|found| found.account), owner.map(|owner| owner.id));
    }
}

async fn no_session_outlives_the_password_it_was_for(store: &Arc<dyn Store>, ids: &IdGenerator) {
    for round in 0..5 {
        let anna = add(store, ids, &format!("o.anna{round}")).await;
        let mut given = Vec::new();
        for _ in 0..5 {
            given.push(sign_in(store, ids, anna, 7).await);
        }
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (store, session) = (store.clone(), session(ids, anna, 7));
            let signed_in = entry(ids, anna, Audited::SignedIn);
            let replaced = given.get(number / 2).copied().filter(|_| number % 2 == 0);
            let changed = entry(ids, anna, Audited::PasswordChanged);
            tasks.spawn(async move {
                match replaced {
                    _ if number == 9 => {
                        let set = store.set_password("new".into(), None, None, changed).await;
                        assert!(set.unwrap().is_some());
                    }
                    Some(token) => drop(store.replace_session(token, session).await.unwrap()),
                    None => {
                        let _ =
                            store.open_session(session, "hash".into(), signed_in).await.unwrap();
                    }
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(store.sessions(anna, ids.clock().now()).await.unwrap(), []);
    }
}

async fn nothing_is_left_of_an_account_that_is_busy_when_it_goes(
    store: &Arc<dyn Store>,
    ids: &IdGenerator,
) {
    for round in 0..5 {
        let anna = add(store, ids, &format!("b.anna{round}")).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (store, session, stamp) =
                (store.clone(), session(ids, anna, 7), Stamp::made_by(ids));
            let entry = entry(ids, anna, Audited::SignedIn);
            let full_name = Change::Set(format!("Philippa {number}").parse().unwrap());
            let change = ProfileChange { full_name, ..ProfileChange::default() };
            tasks.spawn(async move {
                match number % 4 {
                    _ if number == 9 => {
                        let gone = store.delete(anna, "hash".into(), stamp).await.unwrap();
                        assert!(gone.is_some());
                    }
                    0 => drop(store.open_session(session, "hash".into(), entry).await.unwrap()),
                    1 => store.record(entry).await.unwrap(),
                    2 => drop(store.change_profile(anna, change, stamp).await.unwrap()),
                    _ => store.reindex(vec![anna]).await.unwrap(),
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(store.accounts(vec![anna]).await.unwrap(), []);
        assert_eq!(store.sessions(anna, ids.clock().now()).await.unwrap(), []);
        assert_eq!(store.trail(anna, 10).await.unwrap(), []);
        assert_eq!(found(store, "philippa").await, []);
        assert_eq!(store.search_drift().await.unwrap(), []);
    }
}
