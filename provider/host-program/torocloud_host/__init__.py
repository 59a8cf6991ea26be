"""The program that torocloud sends to a host. It lives as long as its connection.

Python 3.11, and the standard library of python3-minimal.
"""
