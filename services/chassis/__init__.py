"""The microservice chassis: what every service shares and no business code is."""
