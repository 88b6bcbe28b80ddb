//! One look at a page: who looks, from where, and the answer.

use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue,
    LOCATION, REFERRER_POLICY, SET_COOKIE, VARY,
};
use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use tintype_api::accounts::{Caller, Role};
use tintype_api::{Accounts, Activity, UserId};
use tintype_platform::{Error, Result, Timestamp};

use crate::session::Entered;
use crate::view::chrome::{Chrome, Me, Section};
use crate::view::flash::Flash;
use crate::{App, Web, cookie};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What a page may load: nothing but our own files runs or styles. Pictures may be elsewhere, where
/// posts say so, and where `public_url` says that uploads are.
pub(crate) fn policy(public_url: &str) -> HeaderValue {
    let uploads = url::Url::parse(public_url).map(|url| url.origin().ascii_serialization());
    let uploads = uploads.unwrap_or_default();
    let policy = format!(
        "default-src 'none'; img-src 'self' data: blob: https: {uploads}; \
         media-src 'self' blob: https: {uploads}; style-src 'self'; script-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         manifest-src 'self'; worker-src 'self'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Who looks at a page, and how.
pub(crate) struct Visit {
    pub(crate) web: App,
    /// Who is signed in.
    pub(crate) caller: Option<Caller>,
    /// Path and query of the page.
    pub(crate) here: String,
    /// Where the site is, such as `https://tintype.example`.
    pub(crate) origin: String,
    /// Whether a person looks, with a browser.
    pub(crate) is_browser: bool,
    /// Whether a script asks, which takes JSON.
    pub(crate) is_script: bool,
    pub(crate) is_secure: bool,
    flash: Option<Flash>,
    visitor: Option<String>,
    /// What a script sends instead of the field of a form.
    word: Option<String>,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &App) -> Result<Self> {
        let entered = parts.extensions.get::<Entered>().cloned();
        let entered = entered.expect("the layer around all pages says who came in");
        if let Some(caller) = &entered.caller {
            web.limits.check_user(parts, caller.user.get())?;
        }
        Ok(Self::new(web.clone(), &parts.headers, &parts.uri, entered))
    }
}

impl Visit {
    /// A visit seen from the layer around the handlers.
    pub(crate) fn outside(web: App, request: &Request, entered: Entered) -> Self {
        Self::new(web, request.headers(), request.uri(), entered)
    }

    fn new(web: App, headers: &HeaderMap, uri: &Uri, entered: Entered) -> Self {
        let Entered { caller, is_secure } = entered;
        let here = uri.path_and_query().map_or("/", |here| here.as_str()).to_owned();
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let accept = accept.unwrap_or_default();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| uri.authority().map(http::uri::Authority::as_str));
        let host = host.filter(|host| is_host(host)).unwrap_or("localhost");
        let scheme = if is_secure { "https" } else { "http" };
        Self {
            caller,
            here,
            origin: format!("{scheme}://{host}"),
            is_browser: accept.contains("text/html"),
            is_script: accept.contains("application/json") && !accept.contains("text/html"),
            is_secure,
            flash: cookie::read(headers, cookie::FLASH).and_then(Flash::of_word),
            visitor: cookie::read(headers, cookie::VISITOR).map(str::to_owned),
            word: headers
                .get(crate::csrf::HEADER)
                .and_then(|word| word.to_str().ok())
                .map(str::to_owned),
            web,
        }
    }

    /// Who looks, if they are signed in.
    pub(crate) fn viewer(&self) -> Option<UserId> {
        self.caller.as_ref().map(|caller| caller.user)
    }

    /// Who is signed in; others are sent to sign in.
    pub(crate) fn member(&self) -> Result<&Caller> {
        self.caller.as_ref().ok_or_else(|| {
            Error::unauthenticated("sign_in_first", "Sign in first; then you can do this")
        })
    }

    /// Who may do everything; the page is not there for others.
    pub(crate) fn admin(&self) -> Result<&Caller> {
        let caller = self.member()?;
        if caller.role == Role::Admin {
            return Ok(caller);
        }
        Err(Error::not_found("not_found", "There is nothing at this address"))
    }

    /// Whether the viewer may act on what is others'.
    pub(crate) fn moderates(&self) -> bool {
        self.caller.as_ref().is_some_and(|caller| caller.role >= Role::Moderator)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.web.parts.clock.now()
    }

    /// What every page has around it. `section` is where it is in the navigation.
    pub(crate) async fn chrome(&self, title: &str, section: Section) -> Result<Chrome> {
        let Web { parts, csrf, .. } = &*self.web;
        let mut chrome = Chrome::bare(title, self);
        chrome.section = section;
        chrome.flash = self.flash.map(Flash::text);
        let Some(caller) = &self.caller else {
            if let Some(visitor) = &self.visitor {
                chrome.csrf = csrf.of_visitor(visitor);
            }
            return Ok(chrome);
        };
        let (mut cards, unread) = tokio::try_join!(
            parts.accounts.cards(vec![caller.user]),
            parts.activity.unread(caller.user)
        )?;
        chrome.me = cards.pop().flatten().map(|card| Me { card, role: caller.role });
        chrome.unread = unread;
        chrome.csrf = csrf.of_session(caller.token);
        Ok(chrome)
    }

    /// The same for a page with forms for those who are not signed in: their browser is given a
    /// cookie that the forms are bound to.
    pub(crate) async fn chrome_with_forms(
        &mut self,
        title: &str,
        section: Section,
    ) -> Result<Chrome> {
        if self.caller.is_none() && self.visitor.is_none() {
            self.visitor = Some(new_visitor()?);
        }
        self.chrome(title, section).await
    }

    /// Whether `word` is the one that forms for this visitor hold.
    pub(crate) fn proves(&self, word: &str) -> bool {
        let csrf = &self.web.csrf;
        let wanted = match (&self.caller, &self.visitor) {
            (Some(caller), _) => csrf.of_session(caller.token),
            (None, Some(visitor)) => csrf.of_visitor(visitor),
            (None, None) => return false,
        };
        crate::csrf::same(&wanted, word)
    }

    /// What somebody is told whose form does not prove where it is from. Whose session has ended in
    /// the meantime signs in again.
    pub(crate) fn unproven(&self) -> Error {
        match self.member() {
            Err(error) if !matches!(&*self.here, "/login" | "/signup") => error,
            _ => crate::csrf::stale(),
        }
    }

    /// Refuses a form with files unless the texts before them prove where it is from.
    pub(crate) fn admits(&self, texts: &[(String, String)]) -> Result<()> {
        let header = self.word.as_deref();
        let field = texts.iter().find(|(name, _)| name == "csrf").map(|(_, word)| &**word);
        match header.or(field) {
            Some(word) if self.proves(word) => Ok(()),
            _ => Err(self.unproven()),
        }
    }

    /// The page made of `template`.
    pub(crate) fn page(&self, template: &impl Template) -> Result<Response> {
        self.page_of(StatusCode::OK, template)
    }

    /// The same with another status.
    pub(crate) fn page_of(&self, status: StatusCode, template: &impl Template) -> Result<Response> {
        let html = template.render().map_err(Error::internal)?;
        let mut response = Response::new(html.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(CONTENT_TYPE, "text/html; charset=utf-8");
        set(REFERRER_POLICY, "same-origin");
        set(PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=()");
        set(OPENER_POLICY, "same-origin");
        set(CACHE_CONTROL, "private, no-cache");
        set(VARY, "cookie, accept");
        headers.insert(CONTENT_SECURITY_POLICY, self.web.policy.clone());
        if self.flash.is_some() {
            headers.append(SET_COOKIE, cookie::write(cookie::FLASH, "", 0, self.is_secure));
        }
        if let (None, Some(visitor)) = (&self.caller, &self.visitor) {
            /// A day: nobody fills in a form for longer.
            const KEPT: u64 = 24 * 60 * 60;
            headers
                .append(SET_COOKIE, cookie::write(cookie::VISITOR, visitor, KEPT, self.is_secure));
        }
        Ok(response)
    }

    /// After a form: on to `path`, where `flash` is said.
    pub(crate) fn go(&self, path: &str, flash: Option<Flash>) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
        headers.insert(LOCATION, location);
        if let Some(flash) = flash {
            headers
                .append(SET_COOKIE, cookie::write(cookie::FLASH, flash.word(), 60, self.is_secure));
        }
        response
    }

    /// After an action: `state` for a script, else back to `path`.
    pub(crate) fn done(
        &self,
        path: &str,
        flash: Option<Flash>,
        state: &impl Serialize,
    ) -> Response {
        if self.is_script {
            let json = serde_json::to_vec(state).unwrap_or_default();
            let mut response = Response::new(json.into());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            return response;
        }
        self.go(path, flash)
    }

    /// The session of somebody who has just signed in goes to their browser.
    pub(crate) fn give_session(&self, response: &mut Response, token: &str) {
        const DAY: u64 = 24 * 60 * 60;
        let seconds = u64::from(self.web.settings.token_days) * DAY;
        let session = cookie::write(cookie::SESSION, token, seconds, self.is_secure);
        response.headers_mut().append(SET_COOKIE, session);
    }

    /// The session leaves the browser.
    pub(crate) fn take_session(&self, response: &mut Response) {
        let session = cookie::write(cookie::SESSION, "", 0, self.is_secure);
        response.headers_mut().append(SET_COOKIE, session);
    }
}

/// `path` if it leads to this site and nowhere else.
pub(crate) fn local_path(path: &str) -> Option<&str> {
    let odd = |byte: u8| byte <= b' ' || byte == b'\\' || byte >= 0x7f;
    let local = path.starts_with('/') && !path.starts_with("//") && !path.bytes().any(odd);
    (local && path.len() <= 2048).then_some(path)
}

fn is_host(host: &str) -> bool {
    let of_hosts = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    !host.is_empty() && host.len() <= 255 && host.bytes().all(of_hosts)
}

#[expect(clippy::disallowed_methods, reason = "a secret")]
fn new_visitor() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|cause| Error::internal(cause.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_to() {
        for good in ["/", "/p/1#c2", "/search?q=a%20b", "/a.b/followers"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in ["", "//a.example", "/\\a.example", "https://a.example", "a", "/a b", "/a\nb"] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
