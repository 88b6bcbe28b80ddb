//! The whole site, seen from outside.

mod contract;
mod crash;
mod disk_full;
mod fleet;
mod history;
mod media;
mod migrate;
mod openapi;
mod outage;
mod program;
mod rig;
mod rolling;
mod stories;
mod tls;
mod warming;
mod web;
