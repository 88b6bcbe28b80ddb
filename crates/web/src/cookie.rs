//! The cookies of the pages.

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

/// The token of the session.
pub(crate) const SESSION: &str = "tintype_session";

/// What the forms of somebody who is not signed in are bound to.
pub(crate) const VISITOR: &str = "tintype_visitor";

/// What is to be said on the next page.
pub(crate) const FLASH: &str = "tintype_flash";

/// The value of the cookie `name`.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok()).find_map(|header| {
        header.split(';').find_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name && !value.is_empty()).then_some(value)
        })
    })
}

/// A `Set-Cookie` header that keeps `value` for so many seconds, 0 for taking it away. Scripts do
/// not see it, and other sites do not send it with what changes anything.
pub(crate) fn write(name: &str, value: &str, seconds: u64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; tintype_session=x.y; b=2"));
        headers.append(COOKIE, HeaderValue::from_static("tintype_flash=saved"));
        assert_eq!(read(&headers, SESSION), Some("x.y"));
        assert_eq!(read(&headers, FLASH), Some("saved"));
        assert_eq!(read(&headers, VISITOR), None);
        assert_eq!(read(&headers, "session"), None);
    }
}
