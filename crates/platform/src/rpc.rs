//! One service trait, near or far.
//!
//! [`service!`](crate::service) declares a service once. It yields the trait that a slice
//! implements, its implementation by a [`Peer`] that calls the same service in another process,
//! and the routes that serve it there. Arguments travel as a JSON tuple and the answer as a
//! `Result` with the whole [`Error`], so a caller cannot tell near from far, except by the time it
//! takes.

pub(crate) mod breaker;
mod peer;
mod serve;

pub use async_trait::async_trait;
pub use peer::{Call, Peer};
pub use serve::{endpoint, guarded};

/// Declares a service: a trait, its client and its routes.
///
/// Every method is marked `read` (changes nothing, so a failed call is tried again) or `write`
/// (tried once). Methods take owned arguments and answer `Result` of what stands after the arrow.
///
/// ```
/// # mod tower {
/// use std::sync::Arc;
///
/// tintype_platform::service! {
///     /// Tells the hours.
///     pub trait Bells as bells {
///         /// How often the bell strikes at each of `hours`.
///         read fn strikes(hours: Vec<u8>) -> Vec<u8>;
///     }
/// }
///
/// struct Church;
///
/// #[tintype_platform::rpc::async_trait]
/// impl Bells for Church {
///     async fn strikes(&self, hours: Vec<u8>) -> tintype_platform::Result<Vec<u8>> {
///         Ok(hours.into_iter().map(|hour| hour % 12).collect())
///     }
/// }
///
/// // Near: `Arc<dyn Bells>` of the church itself. Far: `bells::routes` there, a `Peer` here.
/// fn serve() -> axum::Router {
///     let near: Arc<dyn Bells> = Arc::new(Church);
///     bells::routes(near)
/// }
/// # }
/// ```
#[macro_export]
macro_rules! service {
    (
        $(#[$about:meta])*
        pub trait $Service:ident as $name:ident {
            $(
                $(#[$method_about:meta])*
                $call:ident fn $method:ident($($argument:ident: $type:ty),* $(,)?) -> $answer:ty;
            )*
        }
    ) => {
        $(#[$about])*
        #[$crate::rpc::async_trait]
        pub trait $Service: Send + Sync + 'static {
            $(
                $(#[$method_about])*
                async fn $method(&self, $($argument: $type),*) -> $crate::Result<$answer>;
            )*
        }

        #[$crate::rpc::async_trait]
        impl $Service for $crate::rpc::Peer {
            $(
                async fn $method(&self, $($argument: $type),*) -> $crate::Result<$answer> {
                    const PATH: &str = concat!("/rpc/", stringify!($name), "/", stringify!($method));
                    self.call(PATH, $crate::rpc::Call::$call(), &($($argument,)*)).await
                }
            )*
        }

        #[doc = concat!("Serving [`", stringify!($Service), "`] to peers.")]
        pub mod $name {
            #[allow(unused_imports, reason = "a service may use types of its own file alone")]
            use super::*;

            /// The routes by which peers call `service`.
            pub fn routes(service: std::sync::Arc<dyn $Service>) -> $crate::rpc::Routes {
                $crate::rpc::Routes::new()
                $(
                    .route(
                        concat!("/rpc/", stringify!($name), "/", stringify!($method)),
                        $crate::rpc::endpoint(
                            service.clone(),
                            |service, ($($argument,)*): ($($type,)*)| {
                                Box::pin(async move { service.$method($($argument),*).await })
                            },
                        ),
                    )
                )*
            }
        }
    };
}

/// Routes of services, to be merged and [`guarded`].
pub type Routes = axum::Router;

#[cfg(doc)]
use crate::error::Error;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro declares services for other crates")]
mod tests;
