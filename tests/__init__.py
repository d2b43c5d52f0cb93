"""The tests: unit, trace, integration, e2e, docs; CONTRIBUTING.md says what each layer is for."""
