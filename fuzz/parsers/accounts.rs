//! Names, addresses, searches and tokens.

use std::sync::{Arc, LazyLock};

use tintype_accounts::input::{Bio, Email, FullName, Password, Username, WebAddress};
use tintype_accounts::{AccountsService, Registration, Settings};
use tintype_api::{Accounts, Base};
use tintype_platform::error::Kind;
use tintype_platform::objects::ObjectUrls;
use tintype_platform::page::Limit;
use tintype_platform::testkit::Workbench;
use tokio::runtime::Runtime;

/// What was taken is taken again, and is then the same.
pub(crate) fn person(text: &str) {
    macro_rules! kept {
        ($($Name:ident)*) => {$(
            if let Ok(kept) = text.parse::<$Name>() {
                assert_eq!(kept.as_str().parse::<$Name>().ok(), Some(kept));
            }
        )*};
    }
    kept!(Username Email FullName Bio WebAddress Password);
}

struct People {
    runtime: Runtime,
    service: Arc<AccountsService>,
    _bench: Workbench,
}

static PEOPLE: LazyLock<People> = LazyLock::new(|| {
    let bench = Workbench::new(&[tintype_accounts::MIGRATIONS]);
    let base = Base {
        database: bench.database.clone(),
        clock: bench.clock.clone(),
        ids: bench.ids.clone(),
        services: Arc::default(),
        objects: ObjectUrls::new(""),
        redis: None,
    };
    let settings = Settings {
        jwt_secret: "a secret of 32 characters or more".to_owned(),
        token_days: 7,
        bcrypt_cost: 4,
        bcrypt_threads: 1,
        bcrypt_queue: 1,
        cached: 100,
    };
    let service = tintype_accounts::start(&base, settings).expect("the slice starts").service;
    let runtime = Runtime::new().expect("a runtime can be made");
    for (number, name) in ["Anna Ångström", "“%_*” 100 %", "李小龍", "ΟΔΥΣΣΕΥΣ", "a\"b' OR 1=1 --"]
        .iter()
        .cycle()
        .take(30)
        .enumerate()
    {
        let registration = Registration {
            username: format!("anna.{number}").parse().expect("it is a username"),
            email: format!("anna.{number}@example.com").parse().expect("it is an address"),
            full_name: Some(name.parse().expect("it is a name")),
            bio: None,
            profile_picture_url: None,
        };
        runtime.block_on(service.create(registration)).expect("an account is made");
    }
    People { runtime, service, _bench: bench }
});

/// The first line is what is looked for, the second a cursor. Any text can be looked for, and a
/// page's own cursor leads to the next.
pub(crate) fn search(text: &str) {
    let People { runtime, service, .. } = &*PEOPLE;
    let (text, cursor) = text.split_once('\n').unwrap_or((text, ""));
    let mut cursor = Some(cursor.to_owned());
    let mut pages = 0;
    while cursor.is_some() {
        let found = service.search(None, text, cursor.as_deref(), Limit::clamped(7));
        match runtime.block_on(found) {
            Ok(page) => {
                assert!(page.items.len() <= 7);
                cursor = page.next;
            }
            Err(error) => {
                assert!(pages == 0 && error.kind() == Kind::Refused, "{error}");
                return;
            }
        }
        pages += 1;
        assert!(pages <= 6, "30 accounts on pages of 7");
    }
}

/// Nobody signed this.
pub(crate) fn token(text: &str) {
    let People { runtime, service, .. } = &*PEOPLE;
    let refused = runtime.block_on(service.caller(text.into())).err();
    assert_eq!(refused.map(|error| error.kind()), Some(Kind::Unauthenticated));
}
