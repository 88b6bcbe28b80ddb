//! The description of the slice's routes.

use std::sync::Arc;

use tintype_accounts::{MIGRATIONS, start};
use tintype_api::{Base, Services};
use tintype_platform::testkit::Workbench;

use crate::site::settings;

#[tokio::test]
async fn every_route_is_described() {
    let bench = Workbench::new(&[MIGRATIONS]);
    let base = Base {
        database: bench.database.clone(),
        clock: bench.clock.clone(),
        ids: bench.ids.clone(),
        services: Arc::new(Services::default()),
        objects: tintype_platform::objects::ObjectUrls::new(""),
        redis: None,
    };
    let (_, description) = start(&base, settings()).unwrap().routes.split_for_parts();
    let description = serde_json::to_value(&description).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            assert!(route["summary"].is_string(), "{method} {path} has no summary");
            routes.push(format!("{method} {path} {}", route["operationId"].as_str().unwrap()));
        }
    }
    insta::assert_snapshot!(routes.join("\n"), @r"
    post /api/auth/login login
    post /api/auth/logout logout
    put /api/auth/password change_password
    post /api/auth/refresh refresh
    post /api/auth/register register
    get /api/users search_users
    delete /api/users/me delete_account
    get /api/users/me own_profile
    put /api/users/me change_profile
    get /api/users/{username} user_profile
    post /api/v1/auth/login mesh_login
    get /api/v1/auth/me mesh_me
    post /api/v1/auth/register mesh_register
    get /api/v1/auth/verify mesh_verify
    post /api/v1/auth/verify mesh_verify_body
    post /v1/users trusted_create_user
    get /v1/users/search trusted_search_users
    get /v1/users/{id} trusted_user
    ");
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let names: Vec<&str> = schemas.keys().map(String::as_str).collect();
    insta::assert_snapshot!(
        names.join(" "),
        @"AccountDeletion AccountDone LoggedIn Login MeshLogin MeshOwnProfile MeshRegistration MeshToken MeshVerified MeshVerify OwnProfile PasswordChange Profile ProfileChange ProfileRelationship PublicCard Refreshed Registered RegisteredUser Registration Timestamp TrustedNewUser TrustedUser TrustedUsers UserId"
    );
}
