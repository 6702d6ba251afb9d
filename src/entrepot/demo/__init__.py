"""Simulated people, apps and providers that drive the real path, so that every page can be seen alive.

rhythm    when calls are made: growth, weeks, days            people     who makes them, of what, through which app
doubles   the providers: speeds, prices, failures, outages    bodies     what is sent, in the words of each surface
firms     who buys, with which terms, and the keys            call       one request at the app's front door
office    workspaces, keys, credit, as time goes on           till       the payment company's double
exams     endpoint checks, and who knows the answers          clock      time that each call carries with it
fill      from an empty directory to a history                place      the directory, its mark, and what may go into it
"""
