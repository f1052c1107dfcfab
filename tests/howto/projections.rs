//! What `add-a-projection.md` promises of the read side.

#[test]
fn the_pumps_are_a_resource() {
    let all = projections::all();
    let pumps = all.iter().find(|kind| kind.name() == "pumps").expect("pumps are in the list");
    assert_eq!(pumps.resource().expect("they can be asked for").list, "/v1/pumps");
}

#[test]
fn the_description_of_the_api_has_the_pumps_queries() {
    let description = projections::openapi();
    for path in ["/v1/pumps", "/v1/pumps/{id}"] {
        assert!(description["paths"][path]["get"].is_object(), "{path}");
    }
    assert!(description["components"]["schemas"]["Pump"].is_object());
}
