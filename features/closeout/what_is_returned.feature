Feature: What is returned goes to the source that bears the cost

  Scenario: A payment is returned after its cost was moved
    Given a fare of $400.00 paid out by Stripe from our own fund
    And a gift of $300.00 for fares, from January 2026
    When Ben asks to move $250.00 of it to the gift
    And Carla confirms it
    And Stripe returns the payment
    Then the gift has $300.00 again
    And the books agree
