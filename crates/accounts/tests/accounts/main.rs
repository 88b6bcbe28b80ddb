//! Accounts as the other slices, administrators and clients meet them, on a real database and a
//! real listening socket.

mod administration;
mod conforms;
mod derived;
mod described;
mod mesh;
mod profiles;
mod search;
mod signing_in;
mod site;
mod trusted;
