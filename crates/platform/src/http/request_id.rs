//! The name by which a client and the log speak of one request.

use std::cell::RefCell;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Random bytes fetched at a time: asking the system for each request would cost more than the
/// rest of the request id.
const POOL: usize = 32 * 16;

/// The client's own id if it is a good one, 1 to 128 visible ASCII characters, or a new one.
pub(super) fn of(headers: &HeaderMap) -> Arc<str> {
    let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let good =
        |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    given.filter(good).map_or_else(make, Into::into)
}

/// 16 random bytes in hexadecimal.
fn make() -> Arc<str> {
    thread_local! {
        static RANDOM: RefCell<(usize, [u8; POOL])> = const { RefCell::new((POOL, [0; POOL])) };
    }
    RANDOM.with_borrow_mut(|(used, pool)| {
        if *used == POOL {
            #[expect(clippy::disallowed_methods, reason = "tells requests of all processes apart")]
            let filled = getrandom::fill(pool);
            filled.expect("Linux gives random bytes to everybody");
            *used = 0;
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&pool[*used..*used + 16]);
        *used += 16;
        format!("{:032x}", u128::from_be_bytes(bytes)).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_id_is_kept_and_any_other_replaced_by_a_new_one() {
        let id = |given: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, given.try_into().unwrap());
            of(&headers)
        };
        assert_eq!(&*id(b"client-7/abc"), "client-7/abc");
        for given in [&b""[..], b"two words", &[b'x'; 129], b"caf\xc3\xa9"] {
            let made = id(given);
            assert!(
                made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{made}"
            );
        }
        let made: std::collections::HashSet<_> = (0..100).map(|_| make()).collect();
        assert_eq!(made.len(), 100);
    }
}
