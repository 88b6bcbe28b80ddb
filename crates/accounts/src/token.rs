//! Tokens: JWTs that are signed and read here, and count only as long as their session does.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use tintype_api::accounts::Role;
use tintype_api::ids::{TokenId, UserId, text};
use tintype_platform::cache::Cache;
use tintype_platform::{Error, Result, Timestamp};

/// A longer text is not worth a look: ours have some 300 bytes.
const LONGEST: usize = 2048;

/// What a token of ours says, once its signature is known to be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) user: UserId,
    pub(crate) token: TokenId,
    pub(crate) expires_at: Timestamp,
}

/// Signs and reads tokens.
pub(crate) struct Tokens {
    signing: EncodingKey,
    reading: DecodingKey,
    validation: Validation,
    /// Texts whose signature was found good. What a good text says never changes, so nothing here
    /// is ever out of date; bad texts are not kept, so nobody can fill it with them.
    read: Cache<Arc<str>, Claims>,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "userId", with = "text")]
    user: UserId,
    username: &'a str,
    iat: i64,
    exp: i64,
    #[serde(with = "text")]
    jti: TokenId,
    roles: &'a [Role],
}

#[derive(Deserialize)]
struct Read {
    #[serde(rename = "userId")]
    user: UserId,
    exp: i64,
    jti: TokenId,
}

impl Tokens {
    /// Signs with `secret` and remembers up to `remembered` texts that it has read.
    pub(crate) fn new(secret: &[u8], remembered: usize) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The time comes from the clock that is passed in, so expiry is looked at by the caller.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.leeway = 0;
        Self {
            signing: EncodingKey::from_secret(secret),
            reading: DecodingKey::from_secret(secret),
            validation,
            read: Cache::new("tokens", remembered),
        }
    }

    /// The text of a token. `roles` is told to whoever reads it; here the session decides.
    pub(crate) fn sign(
        &self,
        claims: Claims,
        username: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<String> {
        let roles = [Role::User, Role::Moderator, Role::Admin];
        let held = roles.iter().filter(|lower| **lower <= role).count();
        let written = Written {
            user: claims.user,
            username,
            iat: now.as_seconds(),
            exp: claims.expires_at.as_seconds(),
            jti: claims.token,
            roles: &roles[..held],
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &written, &self.signing)
            .map_err(Error::internal)
    }

    /// What a token says, if it is one of ours. Whether it still counts is another question.
    pub(crate) fn read(&self, token: &Arc<str>) -> Result<Claims> {
        self.read.get_or_load(token, || {
            let not_ours = || {
                Error::unauthenticated(
                    "invalid_token",
                    "The token is not a good one; sign in again",
                )
            };
            if token.len() > LONGEST {
                return Err(not_ours());
            }
            let read = jsonwebtoken::decode::<Read>(&**token, &self.reading, &self.validation)
                .map_err(|_| not_ours())?
                .claims;
            let expires_at = Timestamp::from_millis(read.exp.saturating_mul(1000));
            Ok(Claims { user: read.user, token: read.jti, expires_at })
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use tintype_platform::testkit::START;

    use super::*;

    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    fn claims() -> Claims {
        Claims {
            user: UserId::new(9_007_199_254_740_991).unwrap(),
            token: TokenId::new(7).unwrap(),
            expires_at: START.plus_millis(1000),
        }
    }

    fn sign(tokens: &Tokens) -> String {
        tokens.sign(claims(), "anna", Role::Moderator, START).unwrap()
    }

    #[test]
    fn a_token_says_what_the_documents_promise() {
        let token = sign(&Tokens::new(SECRET, 8));
        let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        insta::assert_snapshot!(
            String::from_utf8(body).unwrap(),
            @r#"{"userId":"9007199254740991","username":"anna","iat":1767225600,"exp":1767225601,"jti":"7","roles":["user","moderator"]}"#
        );
    }

    #[test]
    fn what_was_signed_is_read_and_nothing_else() {
        let tokens = Tokens::new(SECRET, 8);
        let token: Arc<str> = sign(&tokens).into();
        for _ in 0..2 {
            assert_eq!(tokens.read(&token).unwrap(), claims());
        }
        let [header, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let none = encode(r#"{"alg":"none","typ":"JWT"}"#);
        let other = encode(r#"{"alg":"HS512","typ":"JWT"}"#);
        let of_another = sign(&Tokens::new(b"another secret of thirty-two bytes or so", 8));
        for refused in [
            String::new(),
            "...".to_owned(),
            format!("{header}.{body}"),
            format!("{header}.{body}."),
            format!("{none}.{body}."),
            format!("{other}.{body}.{signature}"),
            format!(
                "{header}.{}.{signature}",
                encode(r#"{"userId":"1","exp":9999999999,"jti":"7"}"#)
            ),
            of_another,
            "x".repeat(100_000),
        ] {
            let error = tokens.read(&refused.as_str().into()).unwrap_err();
            assert_eq!(error.code(), "invalid_token", "{refused}");
        }
    }
}
