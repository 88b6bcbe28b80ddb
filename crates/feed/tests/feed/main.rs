//! The feed slice from outside: histories, races, pages, routes and streams.

mod conforms;
mod history;
mod pages;
mod race;
mod routes;
mod shelf;
mod site;
mod stream;
mod world;
