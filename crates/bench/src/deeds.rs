//! `feed`, `post`, `like`, `follow`: what people do, as load on a server that is running.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use tintype_platform::Clock;
use tintype_platform::clock::SystemClock;

use crate::client::{Connection, Url, bearer, request};
use crate::load::{self, Pace, Rounds};
use crate::mix::composed;

/// The feed page that is measured.
pub(crate) const FEED: &str = "/api/feed?limit=20";

/// Posts of each account that are there to be liked.
const LIKEABLE: usize = 8;

/// The password of the accounts that are made.
const PASSWORD: &str = "tintype-bench";

/// How long and how hard.
#[derive(Debug, Args)]
struct Load {
    /// Where the server listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// How long to measure, after a second that is not
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Requests a second of all clients together; without it each sends when it has an answer
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
}

impl Load {
    fn print(&self, rounds: &Rounds) -> Result<()> {
        let pace = self.rate.map_or(Pace::Closed, Pace::Open);
        let (urls, duration) = ([self.url.clone()], Duration::from_secs(self.seconds));
        println!("{}", load::run(&urls, load::clients(rounds), pace, duration)?);
        Ok(())
    }
}

/// The feed page of one account, over many connections.
#[derive(Debug, Args)]
pub(crate) struct Feed {
    #[command(flatten)]
    load: Load,
    /// Connections
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Whose feed; the default is the visitor of `tintype demo`
    #[arg(long, default_value = "ada")]
    username: String,
    #[arg(long, default_value = "tintype-demo")]
    password: String,
}

impl Feed {
    pub(crate) fn print(self) -> Result<()> {
        let Self { load, clients, username, password } = self;
        let token = Site::at(&load.url).log_in(&username, &password)?;
        let feed = feed(&load.url.at(FEED), &bearer(&token));
        load.print(&vec![vec![feed]; clients])
    }
}

/// Changes, made by accounts that are registered for it.
#[derive(Debug, Args)]
pub(crate) struct Deed {
    #[command(flatten)]
    load: Load,
    /// Clients, each on a connection and with an account of its own
    #[arg(long, default_value_t = 32)]
    clients: usize,
}

impl Deed {
    /// Measures the rounds that `rounds` makes for the accounts.
    pub(crate) fn print(self, rounds: impl Fn(&Site, &[Account]) -> Result<Rounds>) -> Result<()> {
        let site = Site::at(&self.load.url);
        let accounts = site.register(self.clients)?;
        let rounds = rounds(&site, &accounts)?;
        self.load.print(&rounds)
    }
}

/// The request for a feed page.
pub(crate) fn feed(page: &Url, header: &str) -> Vec<u8> {
    request("GET", page, &[header.to_owned()], "")
}

/// Each account makes posts.
pub(crate) fn posts(site: &Site, accounts: &[Account]) -> Rounds {
    accounts.iter().map(|account| vec![site.new_post(account)]).collect()
}

/// Each account likes post after post of a set that is made for it, and takes each like back.
pub(crate) fn likes(site: &Site, accounts: &[Account]) -> Result<Rounds> {
    let mut paths = Vec::new();
    for account in accounts {
        for _ in 0..LIKEABLE {
            let new_post = site.new_post(account);
            let id = text(&site.ask(&new_post)?, "id")?;
            paths.push(format!("/api/posts/{id}/like"));
        }
    }
    Ok(site.on_and_off(accounts, |client| {
        // Each begins elsewhere: what is measured is not 32 likes of one post at a time.
        let (before, after) = paths.split_at(client * LIKEABLE);
        [after, before].concat()
    }))
}

/// Each account follows one after another of the others, and unfollows each.
pub(crate) fn follows(site: &Site, accounts: &[Account]) -> Result<Rounds> {
    ensure!(accounts.len() > 1, "following takes at least two clients");
    Ok(site.on_and_off(accounts, |client| {
        let others = accounts[client + 1..].iter().chain(&accounts[..client]);
        others.map(|other| format!("/api/users/{}/follow", other.username)).collect()
    }))
}

/// An account made for a measurement.
pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) token: String,
}

/// A running server, to prepare a measurement on.
pub(crate) struct Site {
    url: Url,
}

impl Site {
    pub(crate) fn at(url: &Url) -> Self {
        Self { url: url.clone() }
    }

    /// The token of an account that is there.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> Result<String> {
        let body = json!({ "username": username, "password": password });
        let log_in = self.post("/api/auth/login", &[], &body);
        text(&self.ask(&log_in)?, "token").with_context(|| format!("{username} cannot log in"))
    }

    /// New accounts; each takes the server as long as hashing a password does.
    pub(crate) fn register(&self, number: usize) -> Result<Vec<Account>> {
        // No two measurements on one server may have the same names.
        let moment = SystemClock.now().as_millis();
        (0..number)
            .map(|client| {
                let username = format!("bench_{moment:x}_{client}");
                let email = format!("{username}@bench.example");
                let body = json!({ "username": username, "email": email, "password": PASSWORD });
                let register = self.post("/api/auth/register", &[], &body);
                Ok(Account { username, token: text(&self.ask(&register)?, "token")? })
            })
            .collect()
    }

    /// The request that makes a post, each time it is sent.
    fn new_post(&self, account: &Account) -> Vec<u8> {
        self.post("/api/posts", &[bearer(&account.token)], &composed())
    }

    /// For each account: POST to its paths one after another and DELETE each right away, so that
    /// every request changes something, also when a later measurement begins at the first again.
    fn on_and_off(&self, accounts: &[Account], paths: impl Fn(usize) -> Vec<String>) -> Rounds {
        let rounds = accounts.iter().enumerate().map(|(client, account)| {
            let header = [bearer(&account.token)];
            let both = |path: String| {
                ["POST", "DELETE"].map(|method| request(method, &self.url.at(&path), &header, ""))
            };
            paths(client).into_iter().flat_map(both).collect()
        });
        rounds.collect()
    }

    pub(crate) fn post(&self, path: &str, headers: &[String], body: &Value) -> Vec<u8> {
        request("POST", &self.url.at(path), headers, &body.to_string())
    }

    fn ask(&self, request: &[u8]) -> Result<Value> {
        // The server closes connections that are idle, as this one would be between measurements.
        Connection::open(&self.url)?.send(request)?.json()
    }
}

fn text(answer: &Value, field: &str) -> Result<String> {
    let text = answer[field].as_str();
    Ok(text.with_context(|| format!("the answer has no `{field}`"))?.to_owned())
}
