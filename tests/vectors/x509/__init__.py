"""Certificates, requests, lists, questions and key files that must be refused; see README.md here."""
