//! What every store must do, whatever database is behind it. Each suite wants an empty store.

mod at_once;

use std::cmp::Reverse;
use std::sync::Arc;

use tintype_api::accounts::{KeyStanding, Picture, Role};
use tintype_api::{MediaId, Stamp, TokenId, UserId};
use tintype_platform::IdGenerator;
use tintype_platform::testkit::Workbench;

use super::{Credentials, Login, MATCHES, ProfileChanged, Rank, Standing, Store, TRAIL, Tier};
use crate::account::{ApiKey, AuditEntry, Audited, NewAccount, Origin, ProfileChange, Session};
use crate::input::{Change, folded};

/// Changes that come at the same time: more than there are connections, and no more than wait in
/// patience for one.
const AT_ONCE: usize = 40;

#[tokio::test]
async fn every_store_does_the_same() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        run(super::open(&bench.database), &bench.ids).await;
    }
}

#[tokio::test]
async fn events_are_told_once_and_only_of_what_changed() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        events(super::open(&bench.database), &bench.ids).await;
        let told = bench.happened_after(0).await;
        let kinds: Vec<&str> = told.iter().map(|record| record.kind.as_str()).collect();
        assert_eq!(
            kinds,
            ["user.created", "user.created", "user.updated", "user.updated", "user.deleted"]
        );
        assert!(told[0].body.contains(r#""username":"anna""#), "{}", told[0].body);
    }
}

#[tokio::test]
async fn a_very_common_text_finds_the_most_followed() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        let (store, ids) = (super::open(&bench.database), &bench.ids);
        let many = (0..MATCHES + 100).map(|number| {
            let mut account = person(ids, &format!("many{number:04}"));
            account.full_name = Some("One of the many".parse().unwrap());
            (account, Stamp::made_by(ids))
        });
        store.seed(many.collect()).await.unwrap();
        assert_eq!(store.count().await.unwrap(), (MATCHES + 100) as u64);
        let star = store.named(vec!["many2099".into()]).await.unwrap()[0].1;
        store.set_popularity(vec![(star, 5)]).await.unwrap();
        for text in ["many", "the many", "ny", "m"] {
            let first = store.search(text.to_owned(), None, 1).await.unwrap();
            assert_eq!(first[0].account, star, "{text}");
        }
        assert_eq!(found(&store, "many1234").await.len(), 1);
    }
}

#[tokio::test]
async fn a_search_finds_what_a_look_at_everybody_finds() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        let (store, ids) = (super::open(&bench.database), &bench.ids);
        // Names of few different letters, so that each is inside many others.
        let word = |number: u64, letters: [char; 2]| -> String {
            (0..7).map(|place| letters[usize::from(number >> place & 1 == 1)]).collect()
        };
        let everybody = (0..128).map(|number| {
            let mut account = person(ids, &word(number, ['a', '_']));
            let full_name =
                format!("{} {}", word(number * 37, ['Á', 'ß']), word(number, ['a', 'б']));
            account.full_name = (number % 3 > 0).then(|| full_name.parse().unwrap());
            (account, Stamp::made_by(ids))
        });
        let everybody: Vec<_> = everybody.collect();
        store.seed(everybody.clone()).await.unwrap();
        for text in
            ["a", "_", "aa", "a_a", "ß", "ßa", "aßßa", "a a", "ßба", "aббa", "aaaaaaa aaaaaaa"]
        {
            let rank = |account: &NewAccount| {
                let name = account.full_name.as_ref().map(|name| folded(name.as_str()));
                let tier = Tier::of(text, account.username.as_str(), name.as_deref())?;
                Some(Rank { tier, followers: Reverse(0), account: account.id })
            };
            let mut wanted: Vec<Rank> =
                everybody.iter().filter_map(|(account, _)| rank(account)).collect();
            wanted.sort();
            let found = store.search(text.to_owned(), None, 200).await.unwrap();
            assert_eq!(found, wanted, "{text}");
        }
    }
}

/// Runs the whole suite.
async fn run(store: Arc<dyn Store>, ids: &IdGenerator) {
    names_and_addresses_are_somebodys_once(&store, ids).await;
    sessions_are_listed_with_where_they_are_from(&store, ids).await;
    sessions_stand_until_they_end(&store, ids).await;
    what_depends_on_a_password_wants_the_present_one(&store, ids).await;
    the_trail_keeps_what_matters(&store, ids).await;
    profiles_change_only_when_something_is_new(&store, ids).await;
    the_latest_picture_stays(&store, ids).await;
    keys_open_until_revoked(&store, ids).await;
    searches_rank_by_match_then_followers(&store, ids).await;
    searches_take_every_character_as_it_is(&store, ids).await;
    searches_look_at_all_of_a_long_text(&store, ids).await;
    at_once::run(&store, ids).await;
    the_index_is_what_the_accounts_are(&store, ids).await;
}

/// Does a few things of which each changes something, or nothing: the caller looks which events
/// there are. They must be created twice, updated twice, deleted.
async fn events(store: Arc<dyn Store>, ids: &IdGenerator) {
    let anna = add(&store, ids, "anna").await;
    assert!(!store.register(person(ids, "anna"), None, Stamp::made_by(ids)).await.unwrap());
    let ben = add(&store, ids, "ben").await;
    let full_name = Change::Set("Anna".parse().unwrap());
    let change = ProfileChange { full_name, ..ProfileChange::default() };
    for _ in 0..2 {
        store.change_profile(anna, change.clone(), Stamp::made_by(ids)).await.unwrap();
    }
    let change = ProfileChange { is_private: Some(true), ..ProfileChange::default() };
    store.change_profile(ben, change, Stamp::made_by(ids)).await.unwrap();
    let wrong = store.delete(ben, "wrong".into(), Stamp::made_by(ids)).await.unwrap();
    assert_eq!(wrong, None);
    for _ in 0..2 {
        store.delete(ben, "hash".into(), Stamp::made_by(ids)).await.unwrap();
    }
    store.set_role(Role::Admin, entry(ids, anna, Audited::RoleGiven(Role::Admin))).await.unwrap();
}

pub(crate) fn person(ids: &IdGenerator, username: &str) -> NewAccount {
    let id = UserId::made_by(ids);
    NewAccount {
        id,
        username: username.parse().unwrap(),
        email: format!("{username}@example.com").parse().unwrap(),
        password_hash: Some("hash".into()),
        full_name: None,
        bio: None,
        website: None,
        profile_picture_url: None,
        is_private: false,
        role: Role::User,
        created_at: id.made_at(),
    }
}

pub(crate) async fn add(store: &Arc<dyn Store>, ids: &IdGenerator, username: &str) -> UserId {
    let person = person(ids, username);
    let id = person.id;
    assert!(store.register(person, None, Stamp::made_by(ids)).await.unwrap(), "{username}");
    id
}

fn session(ids: &IdGenerator, account: UserId, days: i64) -> Session {
    let id = TokenId::made_by(ids);
    let now = ids.clock().now();
    let expires_at = now.plus_millis(days * 24 * 60 * 60 * 1000);
    let address = Some("2001:db8::1".parse().unwrap());
    let origin = Origin { address, user_agent: Some("a browser".to_owned()) };
    Session { id, account, created_at: now, expires_at, origin }
}

fn entry(ids: &IdGenerator, account: UserId, what: Audited) -> AuditEntry {
    let origin = Origin { address: Some("192.0.2.1".parse().unwrap()), user_agent: None };
    AuditEntry { id: ids.next(), account, what, at: ids.clock().now(), origin }
}

async fn sign_in(store: &Arc<dyn Store>, ids: &IdGenerator, account: UserId, days: i64) -> TokenId {
    let session = session(ids, account, days);
    let token = session.id;
    let entry = entry(ids, account, Audited::SignedIn);
    assert!(store.open_session(session, "hash".into(), entry).await.unwrap());
    token
}

async fn names_and_addresses_are_somebodys_once(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let mut anna = person(ids, "n.anna");
    anna.full_name = Some("Anna Álvarez".parse().unwrap());
    anna.bio = Some("photographs\nof iron".parse().unwrap());
    anna.website = Some("https://example.com/anna".parse().unwrap());
    anna.profile_picture_url = Some("https://example.com/anna.jpg".parse().unwrap());
    anna.is_private = true;
    anna.role = Role::Moderator;
    assert!(store.register(anna.clone(), None, Stamp::made_by(ids)).await.unwrap());

    let found = store.accounts(vec![anna.id, UserId::made_by(ids)]).await.unwrap();
    let [account] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(account.card.id, anna.id);
    assert_eq!(account.card.username, "n.anna");
    assert_eq!(account.card.full_name.as_deref(), Some("Anna Álvarez"));
    assert_eq!(account.card.profile_picture_url.as_deref(), Some("https://example.com/anna.jpg"));
    assert!(account.card.is_private);
    assert_eq!(account.email, "n.anna@example.com");
    assert_eq!(account.bio.as_deref(), Some("photographs\nof iron"));
    assert_eq!(account.website.as_deref(), Some("https://example.com/anna"));
    assert_eq!(account.role, Role::Moderator);
    assert_eq!((account.created_at, account.updated_at), (anna.created_at, anna.created_at));

    let named = store.named(vec!["n.anna".into(), "n.nobody".into()]).await.unwrap();
    assert_eq!(named, [("n.anna".into(), anna.id)]);
    for (username, email, taken) in [
        ("n.anna", "x@example.com", true),
        ("n.x", "n.anna@example.com", true),
        ("n.x", "x@example.com", false),
    ] {
        assert_eq!(store.is_taken(username, email).await.unwrap(), taken);
        let mut other = person(ids, username);
        other.email = email.parse().unwrap();
        assert_eq!(store.register(other, None, Stamp::made_by(ids)).await.unwrap(), !taken);
    }
    let credentials = Some(Credentials { account: anna.id, hash: Some("hash".into()) });
    for login in [
        Login::Username("n.anna".to_owned()),
        Login::Email("n.anna@example.com".to_owned()),
        Login::Account(anna.id),
    ] {
        assert_eq!(store.credentials(&login).await.unwrap(), credentials, "{login:?}");
    }
    let nobody = Login::Username("n.anna@example.com".to_owned());
    assert_eq!(store.credentials(&nobody).await.unwrap(), None);

    let mut seeded = person(ids, "n.seeded");
    seeded.password_hash = None;
    let twice =
        vec![(seeded.clone(), Stamp::made_by(ids)), (person(ids, "n.seeded"), Stamp::made_by(ids))];
    store.seed(twice).await.unwrap();
    let login = Login::Username("n.seeded".to_owned());
    let credentials = store.credentials(&login).await.unwrap();
    assert_eq!(credentials, Some(Credentials { account: seeded.id, hash: None }));
}

async fn sessions_stand_until_they_end(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let person = person(ids, "s.anna");
    let anna = person.id;
    let first = session(ids, anna, 7);
    store.register(person, Some(first.clone()), Stamp::made_by(ids)).await.unwrap();
    let standing = Some(Standing { username: "s.anna".to_owned(), role: Role::User });
    assert_eq!(store.standing(anna, first.id).await.unwrap(), standing);
    let other = add(store, ids, "s.other").await;
    assert_eq!(store.standing(other, first.id).await.unwrap(), None);

    let second = session(ids, anna, 7);
    assert!(store.replace_session(first.id, second.clone()).await.unwrap());
    assert_eq!(store.standing(anna, first.id).await.unwrap(), None);
    assert_eq!(store.standing(anna, second.id).await.unwrap(), standing);
    assert!(!store.replace_session(first.id, session(ids, anna, 7)).await.unwrap());

    assert!(store.end_session(anna, second.id).await.unwrap());
    assert!(!store.end_session(anna, second.id).await.unwrap());
    assert_eq!(store.standing(anna, second.id).await.unwrap(), None);

    // One that has expired goes when its account signs in; others' stay.
    let expired = sign_in(store, ids, anna, -1).await;
    let others = sign_in(store, ids, other, -1).await;
    let good = sign_in(store, ids, anna, 7).await;
    assert_eq!(store.standing(anna, expired).await.unwrap(), None);
    assert_eq!(store.standing(anna, good).await.unwrap(), standing);
    assert!(store.standing(other, others).await.unwrap().is_some());

    let now = ids.clock().now();
    let later = sign_in(store, ids, other, 7).await;
    assert_eq!(store.last_signed_in(2, now).await.unwrap(), [other, anna]);
    assert_eq!(store.last_signed_in(1, now).await.unwrap(), [other]);
    assert!(store.end_session(other, later).await.unwrap());
    assert_eq!(store.last_signed_in(1, now).await.unwrap(), [anna], "the other's has expired");

    let given = entry(ids, anna, Audited::RoleGiven(Role::Admin));
    assert_eq!(store.set_role(Role::Admin, given).await.unwrap(), Some(vec![good]));
    assert_eq!(store.standing(anna, good).await.unwrap().unwrap().role, Role::Admin);
    let nobody = entry(ids, UserId::made_by(ids), Audited::RoleGiven(Role::Admin));
    assert_eq!(store.set_role(Role::Admin, nobody).await.unwrap(), None);
}

async fn sessions_are_listed_with_where_they_are_from(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let before = store.count().await.unwrap();
    let anna = add(store, ids, "l.anna").await;
    let other = add(store, ids, "l.other").await;
    assert_eq!(store.count().await.unwrap(), before + 2);
    let first = sign_in(store, ids, anna, 7).await;
    let second = sign_in(store, ids, anna, 1).await;
    sign_in(store, ids, other, 7).await;
    let now = ids.clock().now();
    let listed = store.sessions(anna, now).await.unwrap();
    assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!(listed[0].origin.user_agent.as_deref(), Some("a browser"));
    assert!(listed[0].origin.address.is_some());
    let later = now.plus_millis(2 * 24 * 60 * 60 * 1000);
    let listed = store.sessions(anna, later).await.unwrap();
    assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [first]);
}

async fn what_depends_on_a_password_wants_the_present_one(
    store: &Arc<dyn Store>,
    ids: &IdGenerator,
) {
    let anna = add(store, ids, "p.anna").await;
    let kept = sign_in(store, ids, anna, 7).await;
    let other = sign_in(store, ids, anna, 7).await;
    let changed = || entry(ids, anna, Audited::PasswordChanged);

    let wrong = store.set_password("new".into(), Some("old".into()), Some(kept), changed()).await;
    assert_eq!(wrong.unwrap(), None);
    let right = store.set_password("new".into(), Some("hash".into()), Some(kept), changed()).await;
    assert_eq!(right.unwrap(), Some(vec![other]));
    assert!(store.standing(anna, kept).await.unwrap().is_some());
    assert!(store.standing(anna, other).await.unwrap().is_none());
    let stale = store.open_session(
        session(ids, anna, 7),
        "hash".into(),
        entry(ids, anna, Audited::SignedIn),
    );
    assert!(!stale.await.unwrap());

    let reset = entry(ids, anna, Audited::PasswordReset);
    let ended = store.set_password("hash".into(), None, None, reset).await.unwrap();
    assert_eq!(ended, Some(vec![kept]));
    let nobody = entry(ids, UserId::made_by(ids), Audited::PasswordReset);
    assert_eq!(store.set_password("hash".into(), None, None, nobody).await.unwrap(), None);

    let token = sign_in(store, ids, anna, 7).await;
    assert_eq!(store.delete(anna, "new".into(), Stamp::made_by(ids)).await.unwrap(), None);
    let ended = store.delete(anna, "hash".into(), Stamp::made_by(ids)).await.unwrap();
    assert_eq!(ended, Some(vec![token]));
    assert_eq!(store.accounts(vec![anna]).await.unwrap(), []);
    assert_eq!(store.named(vec!["p.anna".into()]).await.unwrap(), []);
    assert_eq!(store.standing(anna, token).await.unwrap(), None);
    assert_eq!(store.trail(anna, 10).await.unwrap(), []);
    // The name is free again.
    add(store, ids, "p.anna").await;
}

async fn the_trail_keeps_what_matters(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let anna = add(store, ids, "t.anna").await;
    let first = entry(ids, anna, Audited::PasswordChanged);
    store.record(first.clone()).await.unwrap();
    let (half, rest) = (TRAIL / 2, TRAIL + 20);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..rest {
        let what = if number < half { Audited::SignInFailed } else { Audited::SignedIn };
        let (store, entry) = (store.clone(), entry(ids, anna, what));
        if tasks.len() == AT_ONCE {
            tasks.join_next().await.unwrap().unwrap();
        }
        tasks.spawn(async move { store.record(entry).await.unwrap() });
    }
    tasks.join_all().await;
    let trail = store.trail(anna, 2 * TRAIL).await.unwrap();
    assert_eq!(trail.len(), TRAIL);
    assert_eq!(trail.last(), Some(&first));
    assert!(trail.is_sorted_by(|newer, older| newer.id > older.id));
    let failed = trail.iter().filter(|entry| entry.what == Audited::SignInFailed).count();
    assert_eq!(failed, half - 21);
    assert_eq!(store.trail(anna, 3).await.unwrap(), trail[..3]);

    let gone = UserId::made_by(ids);
    store.record(entry(ids, gone, Audited::SignInFailed)).await.unwrap();
    assert_eq!(store.trail(gone, 3).await.unwrap(), []);
}

async fn profiles_change_only_when_something_is_new(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let anna = add(store, ids, "c.anna").await;
    let change = |change: ProfileChange| store.change_profile(anna, change, Stamp::made_by(ids));
    let none = ProfileChange::default;

    assert_eq!(change(none()).await.unwrap(), Some(ProfileChanged::Nothing));
    let named = || ProfileChange {
        full_name: Change::Set("Anna".parse().unwrap()),
        bio: Change::Set("iron".parse().unwrap()),
        website: Change::Set("https://example.com".parse().unwrap()),
        is_private: Some(true),
    };
    assert_eq!(change(named()).await.unwrap(), Some(ProfileChanged::Something));
    assert_eq!(change(named()).await.unwrap(), Some(ProfileChanged::Nothing));
    let cleared = ProfileChange { full_name: Change::Clear, is_private: Some(false), ..none() };
    assert_eq!(change(cleared).await.unwrap(), Some(ProfileChanged::WentPublic));
    let account = store.accounts(vec![anna]).await.unwrap().remove(0);
    assert_eq!(account.card.full_name, None);
    assert_eq!(account.bio.as_deref(), Some("iron"));
    assert_eq!(account.website.as_deref(), Some("https://example.com"));
    assert!(!account.card.is_private);

    let nobody = store.change_profile(UserId::made_by(ids), named(), Stamp::made_by(ids)).await;
    assert_eq!(nobody.unwrap(), None);
}

async fn the_latest_picture_stays(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let anna = add(store, ids, "face.anna").await;
    let set = async |media: u64, object: Option<&str>| {
        let media = MediaId::new(media).unwrap();
        let picture = Picture { media, object: object.map(ToOwned::to_owned) };
        store.set_picture(anna, picture, Stamp::made_by(ids)).await.unwrap();
        let mut found = store.accounts(vec![anna]).await.unwrap();
        let account = found.pop().unwrap();
        (account.card.profile_picture_url.clone(), account.updated_at)
    };
    let (first, at) = set(5, Some("profiles/1/a_large.jpg")).await;
    assert_eq!(first.as_deref(), Some("profiles/1/a_large.jpg"));
    assert_eq!(set(5, Some("profiles/1/a_large.jpg")).await, (first, at), "told twice");
    assert_eq!(set(7, Some("profiles/1/b_large.jpg")).await.0.unwrap(), "profiles/1/b_large.jpg");
    assert_eq!(set(6, Some("late")).await.0.unwrap(), "profiles/1/b_large.jpg");
    assert_eq!(set(8, None).await.0, None);
    assert_eq!(set(7, Some("profiles/1/b_large.jpg")).await.0, None, "it was taken away later");

    // Of an account that is gone nothing is left to change.
    let gone = UserId::made_by(ids);
    let picture = Picture { media: MediaId::new(9).unwrap(), object: None };
    store.set_picture(gone, picture, Stamp::made_by(ids)).await.unwrap();
}

async fn keys_open_until_revoked(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let standing = async |hash| store.key_standing(hash).await.unwrap();
    assert_eq!(standing(None).await, KeyStanding::NoneConfigured);
    assert_eq!(standing(Some([1; 32])).await, KeyStanding::NoneConfigured);
    let mut keys = Vec::new();
    for (byte, may_write) in [(1, false), (2, true)] {
        let number = ids.next();
        let (name, created_at) = (format!("key {byte}"), ids.clock().now());
        let key = ApiKey { number, name, may_write, created_at, revoked_at: None };
        store.add_key(key.clone(), [byte; 32]).await.unwrap();
        let known = KeyStanding::Known { key: number, may_write };
        assert_eq!(standing(Some([byte; 32])).await, known);
        keys.push(key);
    }
    assert_eq!(standing(None).await, KeyStanding::Unknown);
    assert_eq!(standing(Some([3; 32])).await, KeyStanding::Unknown);
    assert_eq!(store.keys().await.unwrap(), keys);

    let now = ids.clock().now();
    for key in &mut keys {
        assert!(store.revoke_key(key.number, now).await.unwrap());
        assert!(!store.revoke_key(key.number, now.plus_millis(1)).await.unwrap());
        key.revoked_at = Some(now);
    }
    assert!(!store.revoke_key(ids.next(), now).await.unwrap());
    assert_eq!(store.keys().await.unwrap(), keys);
    // The door stays shut when the last key is revoked.
    assert_eq!(standing(None).await, KeyStanding::Unknown);
    assert_eq!(standing(Some([2; 32])).await, KeyStanding::Unknown);
}

async fn found(store: &Arc<dyn Store>, text: &str) -> Vec<Rank> {
    store.search(text.to_owned(), None, 100).await.unwrap()
}

async fn searches_rank_by_match_then_followers(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let mut people = Vec::new();
    for (username, full_name, followers) in [
        ("zora", None, 0),
        ("zora_b", None, 5),
        ("zora_a", None, 9),
        ("q.one", Some("Zorá Neale"), 7),
        ("q.two", Some("Neale ZORA"), 99),
        ("q.zora", None, 98),
        ("q.three", Some("Nobody"), 1000),
    ] {
        let mut person = person(ids, username);
        person.full_name = full_name.map(|name| name.parse().unwrap());
        people.push((person.id, followers));
        store.register(person, None, Stamp::made_by(ids)).await.unwrap();
    }
    store.set_popularity(people.clone()).await.unwrap();
    let rank = |index: usize, tier| {
        let (account, followers) = people[index];
        Rank { tier, followers: Reverse(followers), account }
    };
    let wanted = [
        rank(0, Tier::Exact),
        rank(2, Tier::Prefix),
        rank(3, Tier::Prefix),
        rank(1, Tier::Prefix),
        rank(4, Tier::Substring),
        rank(5, Tier::Substring),
    ];
    assert_eq!(found(store, "zora").await, wanted);
    // Two letters have no trigram, and are found all the same.
    let short = found(store, "zo").await;
    assert_eq!(short.len(), 6);
    assert_eq!(short[0], rank(2, Tier::Prefix));
    assert_eq!(found(store, "zoraz").await, []);

    let mut paged = Vec::new();
    while let Some(next) =
        store.search("zora".to_owned(), paged.last().copied(), 1).await.unwrap().pop()
    {
        paged.push(next);
    }
    assert_eq!(paged, wanted);

    let popularity = store.popularity(Some(people[0].0), 2).await.unwrap();
    assert_eq!(popularity, people[1..3]);
}

async fn searches_take_every_character_as_it_is(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let name = r#"100% *plain* _"quoted"_ '(near)' OR ñ"#;
    let mut person = person(ids, "w.plain");
    person.full_name = Some(name.parse().unwrap());
    let id = person.id;
    store.register(person, None, Stamp::made_by(ids)).await.unwrap();
    for text in [
        "100%",
        "% *",
        "*plain*",
        "_\"q",
        "\"_ '(",
        "'(near)'",
        "' or n",
        "near)' or n",
        "%",
        "\"",
        "*",
        "'",
    ] {
        let ranks = found(store, text).await;
        assert!(ranks.iter().any(|rank| rank.account == id), "{text}");
    }
    for text in ["w%in", "w_plain", "%%%", "***", "pla*", "near or", "\"\"\"", "')--"] {
        assert!(found(store, text).await.iter().all(|rank| rank.account != id), "{text}");
    }
}

async fn searches_look_at_all_of_a_long_text(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let mut person = person(ids, "y.long");
    let name = "Wolfeschlegelsteinhausenbergerdorff, who is called Hubert";
    person.full_name = Some(name.parse().unwrap());
    store.register(person, None, Stamp::made_by(ids)).await.unwrap();
    let folded = name.to_lowercase();
    for (text, is_found) in [
        (folded.clone(), true),
        (folded[3..].to_owned(), true),
        (folded[3..40].to_owned(), true),
        (format!("{folded}o"), false),
        (format!("{}o", &folded[3..]), false),
    ] {
        assert_eq!(found(store, &text).await.len(), usize::from(is_found), "{text}");
    }
}

async fn the_index_is_what_the_accounts_are(store: &Arc<dyn Store>, ids: &IdGenerator) {
    let anna = add(store, ids, "i.anna").await;
    let rename = |name: &str| {
        let full_name = Change::Set(name.parse().unwrap());
        let change = ProfileChange { full_name, ..ProfileChange::default() };
        store.change_profile(anna, change, Stamp::made_by(ids))
    };
    rename("Wilhelmina").await.unwrap();
    rename("Genoveva").await.unwrap();
    assert_eq!(found(store, "helmin").await, []);
    assert_eq!(found(store, "wilhel").await, []);
    assert_eq!(found(store, "enovev").await.len(), 1);
    assert_eq!(store.search_drift().await.unwrap(), []);
    store.delete(anna, "hash".into(), Stamp::made_by(ids)).await.unwrap();
    assert_eq!(found(store, "enovev").await, []);
    assert_eq!(store.search_drift().await.unwrap(), []);
    // Nothing is wrong, so this changes nothing.
    store.reindex(vec![anna]).await.unwrap();
    assert_eq!(store.search_drift().await.unwrap(), []);
}
