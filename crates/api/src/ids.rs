//! Ids of what the network holds: 53-bit numbers that sort by time (see `tintype_platform::id`).
//!
//! Every input takes one as a number or as decimal text. Between services an id is a number; the
//! public dialect writes it as text with [`text`].

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tintype_platform::postgres::types as postgres;
use tintype_platform::{Timestamp, id};

/// Text that is not an id: not a whole number from 1 to 2^53 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a whole number from 1 to 9007199254740991")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$about:meta])* $Id:ident)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Id(NonZeroU64);

        impl $Id {
            /// The id of this number, if it can be one.
            pub fn new(number: u64) -> Option<Self> {
                NonZeroU64::new(number).filter(|number| number.get() <= id::MAX).map(Self)
            }

            /// A new id.
            pub fn made_by(ids: &tintype_platform::IdGenerator) -> Self {
                Self::new(ids.next()).expect("a generated id is above 0 and within 53 bits")
            }

            /// As a number.
            pub const fn get(self) -> u64 {
                self.0.get()
            }

            /// When it was made.
            pub fn made_at(self) -> Timestamp {
                id::timestamp_of(self.get())
            }
        }

        impl From<$Id> for i64 {
            fn from(id: $Id) -> Self {
                id.get() as Self
            }
        }

        impl From<$Id> for u64 {
            fn from(id: $Id) -> Self {
                id.get()
            }
        }

        impl fmt::Display for $Id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $Id {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                // `parse` alone would take a leading plus sign.
                let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok());
                number.flatten().and_then(Self::new).ok_or(NotAnId)
            }
        }

        impl Serialize for $Id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.get())
            }
        }

        impl<'de> Deserialize<'de> for $Id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserializer.deserialize_any(NumberOrText)?;
                Self::new(number).ok_or_else(|| serde::de::Error::custom(NotAnId))
            }
        }

        impl ToSql for $Id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.get() as i64))
            }
        }

        impl FromSql for $Id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let number = value.as_i64()?;
                Self::new(number as u64).ok_or(FromSqlError::OutOfRange(number))
            }
        }

        impl postgres::ToSql for $Id {
            fn to_sql(
                &self,
                of: &postgres::Type,
                to: &mut postgres::Buffer,
            ) -> postgres::Outcome<postgres::IsNull> {
                postgres::ToSql::to_sql(&(self.get() as i64), of, to)
            }

            postgres::accepts!(INT8);
            postgres::to_sql_checked!();
        }

        impl<'r> postgres::FromSql<'r> for $Id {
            fn from_sql(of: &postgres::Type, bytes: &'r [u8]) -> postgres::Outcome<Self> {
                let number = <i64 as postgres::FromSql<'r>>::from_sql(of, bytes)?;
                Self::new(number as u64).ok_or_else(|| NotAnId.into())
            }

            postgres::accepts!(INT8);
        }

        impl utoipa::PartialSchema for $Id {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::Integer)
                    .description(Some("53-bit id; inputs take it as a number or as decimal text"))
                    .minimum(Some(1))
                    .maximum(Some(id::MAX as f64))
                    .into()
            }
        }

        impl utoipa::ToSchema for $Id {}
    )*};
}

ids! {
    /// A person's account.
    UserId
    /// A post.
    PostId
    /// A comment.
    CommentId
    /// A picture or film that was uploaded.
    MediaId
    /// A token that was given out at a login; the `jti` of a JWT.
    TokenId
}

/// Writes an id as decimal text: `#[serde(with = "ids::text")]`.
pub mod text {
    use super::{Deserialize, Deserializer, Serializer, fmt};

    /// Writes any id.
    pub fn serialize<S: Serializer>(id: &impl fmt::Display, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    /// Reads an id, as text or as a number.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        T::deserialize(from)
    }
}

struct NumberOrText;

impl serde::de::Visitor<'_> for NumberOrText {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id as a number or as decimal text")
    }

    fn visit_u64<E>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<u64, E> {
        u64::try_from(number).map_err(|_| E::custom(NotAnId))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(E::custom(NotAnId));
        }
        text.parse().map_err(|_| E::custom(NotAnId))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Public {
        #[serde(with = "text")]
        id: UserId,
    }

    proptest! {
        #[test]
        fn numbers_and_text_are_read_alike(number in 1..=id::MAX) {
            let id = UserId::new(number).unwrap();
            prop_assert_eq!(serde_json::from_str::<UserId>(&number.to_string()).unwrap(), id);
            prop_assert_eq!(serde_json::from_str::<UserId>(&format!("\"{number}\"")).unwrap(), id);
            prop_assert_eq!(number.to_string().parse::<UserId>().unwrap(), id);
            let text = serde_json::to_string(&Public { id }).unwrap();
            prop_assert_eq!(&text, &format!("{{\"id\":\"{number}\"}}"));
            prop_assert_eq!(serde_json::from_str::<Public>(&text).unwrap(), Public { id });
        }

        #[test]
        fn any_text_is_an_id_or_refused(text: String) {
            if let Ok(id) = text.parse::<PostId>() {
                prop_assert!(id.get() <= id::MAX);
            }
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["0", "-1", "9007199254740992", "1.5", "\"\"", "\"+1\"", "\"1e3\"", "null", "[]"]
        {
            assert!(serde_json::from_str::<UserId>(text).is_err(), "{text}");
        }
    }
}
