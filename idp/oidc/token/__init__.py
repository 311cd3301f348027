"""The token endpoint: ``client_authentication`` says who asks, ``endpoint`` finds the grant's module, the module answers.

A grant is a function in the table ``endpoint.GRANTS``; another one adds its module and its line.
"""
